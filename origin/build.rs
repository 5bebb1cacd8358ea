//! Rebuilds when only a migration has changed: `sqlx::migrate!` reads the folder, which the compiler cannot see.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
