# Three commands for people; everything else is `cargo` and `cargo xtask`.
.PHONY: help demo test bench tools

help: ## Show this list.
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1	\2/p' Makefile

# sqlite, or postgres for a throw-away cluster from this machine's binaries.
ENGINE = sqlite
on_sqlite =
on_postgres = cargo xtask postgres --
flags_sqlite =
flags_postgres = --on-server
ENGINES = sqlite postgres

demo: tools ## Start the gateway, the sandbox bank and some merchants, on this machine only.
	$(if $(filter $(ENGINE),$(ENGINES)),,$(error ENGINE is $(ENGINE); make it one of: $(ENGINES)))
	$(on_$(ENGINE)) cargo run --release --bin qisma -- demo $(flags_$(ENGINE))

test: tools ## Install what the tests need, then run all that CI runs.
	scripts/setup
	cargo xtask ci

# FULL=1 measures longer, and on tables that grow to ten million payments: an hour, and 40 GB of disk.
FULL =

bench: tools ## Measure the gateway on this machine and print the ratios.
	cargo xtask bench $(if $(FULL),--full)

tools:
	@command -v cargo >/dev/null || { \
	  echo 'cargo is missing: install Rust (see https://rustup.rs), then run make again.' >&2; exit 1; }
	@command -v cc >/dev/null || { \
	  echo 'A C compiler is missing (SQLite is compiled in). Run: apt-get install -y gcc libc6-dev' >&2; exit 1; }
