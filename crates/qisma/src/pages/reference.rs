//! The API's documentation, as a page: what `openapi.json` says, for people. It needs no script and
//! loads nothing from elsewhere, so it can be read where there is no internet.

use askama::Template;

use super::assets;

/// All of the page.
#[derive(Debug, Clone)]
pub struct Reference {
    /// The product.
    pub title: String,
    /// Its version.
    pub version: String,
    /// What it is, in a sentence.
    pub description: String,
    /// Every endpoint, in the order of its path.
    pub operations: Vec<Operation>,
    /// Every object that is sent or answered.
    pub schemas: Vec<Schema>,
    /// Every error code.
    pub errors: Vec<ErrorRow>,
}

/// An endpoint.
#[derive(Debug, Clone)]
pub struct Operation {
    /// What links point to.
    pub id: String,
    /// `GET` or `POST`.
    pub method: String,
    /// Its path.
    pub path: String,
    /// What it is for.
    pub summary: String,
    /// More of that, by paragraph.
    pub description: Vec<String>,
    /// What goes into path, query and headers.
    pub parameters: Vec<Parameter>,
    /// The object that it takes.
    pub body: Option<String>,
    /// What it answers.
    pub answers: Vec<Answer>,
}

/// A part of a path, of a query, or a header.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Where it goes.
    pub place: String,
    /// Its type.
    pub kind: String,
    /// What it means.
    pub description: String,
    /// Whether it has to be there.
    pub required: bool,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: String,
    /// When it comes.
    pub description: String,
    /// The object in it.
    pub body: Option<String>,
}

/// An object.
#[derive(Debug, Clone)]
pub struct Schema {
    /// Its name.
    pub name: String,
    /// What it is.
    pub description: String,
    /// What it holds.
    pub members: Vec<Member>,
}

/// A member of an object.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: String,
    /// The object that it is, or holds.
    pub of: Option<String>,
    /// What it means.
    pub description: String,
    /// Whether it is always there.
    pub required: bool,
}

/// An error code.
#[derive(Debug, Clone)]
pub struct ErrorRow {
    /// The code.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What to do.
    pub message: &'static str,
}

#[derive(Template)]
#[template(path = "reference/page.html")]
struct Page<'r> {
    title: &'r str,
    version: &'r str,
    description: &'r str,
    operations: &'r [Operation],
    schemas: &'r [Schema],
    errors: &'r [ErrorRow],
    stylesheet: &'static str,
    icon: &'static str,
}

/// What the page may load: its stylesheet and its icon.
pub const REFERENCE_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; \
                                    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page.
pub fn reference(
    Reference { title, version, description, operations, schemas, errors }: &Reference,
) -> String {
    let (stylesheet, icon) = (assets::reference_stylesheet(), assets::icon());
    let page = Page { title, version, description, operations, schemas, errors, stylesheet, icon };
    page.render().expect("writing to a String cannot fail")
}
