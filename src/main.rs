//! The `backstory` binary: parse, run, exit code.

fn main() -> std::process::ExitCode {
    backstory::cli::run(std::env::args_os())
}
