//! Prints the OpenAPI document; `cargo xtask openapi` puts it into `openapi.json`.

fn main() {
    print!("{}", qisma::http::openapi::document());
}
