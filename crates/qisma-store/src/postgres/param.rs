//! Parameters of statements: single values, and the columns of a batch as arrays.

use bytes::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::session::Value;

/// An id as the server keeps it: a `uuid`, which is any 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Id(pub(super) [u8; 16]);

impl ToSql for Id {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        out.extend_from_slice(&self.0);
        Ok(IsNull::No)
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::UUID
    }

    to_sql_checked!();
}

/// A parameter that knows its type, so that it needs no statement prepared before it.
#[derive(Clone, Debug)]
pub(super) enum Param<'p> {
    Shard(i16),
    Number(i64),
    Text(&'p str),
    Id(Id),
    Shards(Vec<i16>),
    Numbers(Vec<i64>),
    MaybeNumbers(Vec<Option<i64>>),
    Texts(Vec<&'p str>),
    OwnTexts(Vec<String>),
    MaybeTexts(Vec<Option<&'p str>>),
    MaybeOwnTexts(Vec<Option<String>>),
    Ids(Vec<Id>),
    MaybeIds(Vec<Option<Id>>),
    Bytes(Vec<&'p [u8]>),
    Truths(Vec<bool>),
}

impl Param<'_> {
    pub(super) const fn kind(&self) -> Type {
        match self {
            Self::Shard(_) => Type::INT2,
            Self::Number(_) => Type::INT8,
            Self::Text(_) => Type::TEXT,
            Self::Id(_) => Type::UUID,
            Self::Shards(_) => Type::INT2_ARRAY,
            Self::Numbers(_) | Self::MaybeNumbers(_) => Type::INT8_ARRAY,
            Self::Texts(_) | Self::OwnTexts(_) | Self::MaybeTexts(_) | Self::MaybeOwnTexts(_) => {
                Type::TEXT_ARRAY
            }
            Self::Ids(_) | Self::MaybeIds(_) => Type::UUID_ARRAY,
            Self::Bytes(_) => Type::BYTEA_ARRAY,
            Self::Truths(_) => Type::BOOL_ARRAY,
        }
    }
}

impl<'p> From<&Value<'p>> for Param<'p> {
    fn from(value: &Value<'p>) -> Self {
        match value {
            Value::Shard(shard) => Self::Shard(i16::from(*shard)),
            Value::Number(number) => Self::Number(*number),
            Value::Text(text) => Self::Text(text),
            Value::Id(id) => Self::Id(Id(**id)),
            Value::Shards(shards) => Self::Shards(shards.to_vec()),
        }
    }
}

impl ToSql for Param<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Shard(value) => value.to_sql(kind, out),
            Self::Number(value) => value.to_sql(kind, out),
            Self::Text(value) => value.to_sql(kind, out),
            Self::Id(value) => value.to_sql(kind, out),
            Self::Shards(values) => values.to_sql(kind, out),
            Self::Numbers(values) => values.to_sql(kind, out),
            Self::MaybeNumbers(values) => values.to_sql(kind, out),
            Self::Texts(values) => values.to_sql(kind, out),
            Self::OwnTexts(values) => values.to_sql(kind, out),
            Self::MaybeTexts(values) => values.to_sql(kind, out),
            Self::Ids(values) => values.to_sql(kind, out),
            Self::MaybeIds(values) => values.to_sql(kind, out),
            Self::Bytes(values) => values.to_sql(kind, out),
            Self::MaybeOwnTexts(values) => values.to_sql(kind, out),
            Self::Truths(values) => values.to_sql(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
