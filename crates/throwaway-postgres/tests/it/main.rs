//! Clusters that start, answer, are shared, and go with their owners.

mod life;
mod owner;
mod using;
