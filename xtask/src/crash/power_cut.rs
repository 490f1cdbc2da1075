//! A power cut: the file system under the gateway is shut down without writing back what it holds,
//! and mounted again. What was acknowledged must be on the disk by then.
//!
//! Needs root, a loop device and ext4; by hand, not in CI. A gateway that does not wait for the disk
//! (`synchronous=NORMAL`) has to be caught losing payments.

use anyhow::{Context as _, bail, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;

use super::lives::{self, Death, Plan};
use super::{Kind, Options, report, stand_options};
use crate::client::stand::Stand;

/// The bug that only a power cut shows.
const PLANTED: &str = "synchronous_normal";
/// With 16 clients each cut takes tens of acknowledged rows; a few cuts are plenty.
const CONTROL_CUTS_MAX: u32 = 20;

/// No crate of ours may call `ioctl`; three lines of C may. 2: do not write the log back.
const SHUTDOWN_C: &str = r#"#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
int main(int argc, char **argv) {
    uint32_t flag = 2;
    int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
    if (fd < 0 || ioctl(fd, _IOR('X', 125, uint32_t), &flag)) { perror("shutdown"); return 1; }
    return 0;
}
"#;

/// Cuts the power under a gateway without a bug, which must lose nothing, and one with, which must.
///
/// Where the machine does not permit it, says NOT RUN and why, and succeeds.
pub async fn run(options: &Options) -> anyhow::Result<()> {
    let volume = match Volume::make() {
        Ok(volume) => Rc::new(volume),
        Err(reason) => {
            println!("power cut: NOT RUN: {reason:#}");
            return Ok(());
        }
    };
    if let Some(mutant) = &options.mutant {
        return one(options, &volume, Some(mutant), options.kills).await.map(drop);
    }
    let violations = one(options, &volume, None, options.kills).await?;
    ensure!(violations == 0, "power cut: {violations} violations; see above");
    println!("power cut: with the planted bug {PLANTED}, which has to be caught:");
    let violations = one(options, &volume, Some(PLANTED), CONTROL_CUTS_MAX).await?;
    ensure!(violations > 0, "power cut: {PLANTED} was not caught; the harness is blind");
    println!("power cut: {PLANTED} was caught");
    Ok(())
}

async fn one(
    options: &Options,
    volume: &Rc<Volume>,
    mutant: Option<&str>,
    cuts: u32,
) -> anyhow::Result<usize> {
    volume.renew()?;
    let death = Box::new(Cut(volume.clone()));
    let plan = Plan { kills: cuts, death, is_control: mutant.is_some(), ..options.plan() };
    let mut stand = stand_options(Kind::Mutants, mutant)?;
    stand.data = Some(volume.mount.join("data"));
    let outcome = lives::live(stand, &plan).await?;
    report("power cut", &plan, &outcome);
    Ok(outcome.violations)
}

struct Cut(Rc<Volume>);

impl Death for Cut {
    fn strike(&self, stand: &mut Stand) -> anyhow::Result<()> {
        self.0.shut_down()?;
        stand.kill();
        self.0.mount_again()
    }
}

/// An ext4 file system in a file.
struct Volume {
    image: PathBuf,
    mount: PathBuf,
    shutdown: PathBuf,
    _folder: tempfile::TempDir,
}

impl Volume {
    /// Makes and mounts one, and cuts it once to see whether that is permitted.
    fn make() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("qisma-power-").tempdir()?;
        let at = |name: &str| folder.path().join(name);
        let (source, shutdown) = (at("shutdown.c"), at("shutdown"));
        std::fs::write(&source, SHUTDOWN_C)?;
        run_tool("cc", &["-o".as_ref(), &shutdown, &source])?;
        let (image, mount) = (at("image"), at("mount"));
        std::fs::create_dir(&mount)?;
        let volume = Self { image, mount, shutdown, _folder: folder };
        volume.renew()?;
        volume.shut_down()?;
        volume.mount_again()?;
        Ok(volume)
    }

    /// Makes it empty.
    fn renew(&self) -> anyhow::Result<()> {
        self.unmount();
        run_tool("truncate", &["-s".as_ref(), "0".as_ref(), &self.image])?;
        run_tool("truncate", &["-s".as_ref(), "512M".as_ref(), &self.image])?;
        run_tool("mkfs.ext4", &["-q".as_ref(), "-F".as_ref(), &self.image])?;
        self.mount()
    }

    fn mount(&self) -> anyhow::Result<()> {
        run_tool("mount", &["-o".as_ref(), "loop".as_ref(), &self.image, &self.mount])
    }

    fn unmount(&self) {
        // It may not be mounted.
        let _ = Command::new("umount").arg(&self.mount).output();
    }

    fn shut_down(&self) -> anyhow::Result<()> {
        run_tool(self.shutdown.to_str().context("a path is not text")?, &[&self.mount])
    }

    fn mount_again(&self) -> anyhow::Result<()> {
        run_tool("umount", &[&self.mount])?;
        self.mount()
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        self.unmount();
    }
}

fn run_tool(name: &str, arguments: &[&Path]) -> anyhow::Result<()> {
    let output = Command::new(name).args(arguments).output();
    let output = output.with_context(|| format!("{name} cannot be started"))?;
    if !output.status.success() {
        bail!("{name} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
