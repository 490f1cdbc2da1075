//! The lane and the stores: what is answered is on the disk, and one command's trouble is
//! nobody else's.

mod batches;
mod citus;
mod commands;
mod durability;
mod fold;
mod history;
mod holds;
mod lane;
mod opening;
mod reading;
mod server;
mod support;
mod trouble;
