//! One field of a binary COPY row into a value.

use crate::export::copy::CopyError;
use crate::export::time_text;
use crate::export::veil::Veil;
use crate::model::time::Micros;
use crate::snapshot::column::Value;

/// Microseconds from 1970 to 2000, where PostgreSQL counts from.
const EPOCH_2000: i64 = 946_684_800_000_000;

/// How a column of the select list comes over the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wire {
    /// int2, int4 or int8, by length.
    Int,
    /// float4 or float8, by length.
    Float,
    /// One byte.
    Bool,
    /// Microseconds since 2000, UTC.
    TimeWithZone,
    /// Microseconds since 2000, of no zone; kept as if UTC.
    TimeWithoutZone,
    /// UTF-8.
    Text,
    /// Sixteen bytes.
    Uuid,
    /// A version, then UTF-8.
    Jsonb,
}

/// The only version of jsonb on the wire so far.
const JSONB_VERSION: u8 = 1;

/// The value of a field. Texts are redacted here: nothing behind this point has seen the original.
pub(super) fn value<'a>(
    wire: Wire,
    field: Option<&'a [u8]>,
    veil: &'a mut Veil<'_>,
) -> Result<Value<'a>, CopyError> {
    let mut values = Vec::with_capacity(1);
    push(wire, field, veil, &mut values)?;
    Ok(values.pop().unwrap_or(Value::Null))
}

/// Adds the value of a field to those of its row. Each is made where it will stand: to hand it over and move it
/// there took a twentieth of reading a row.
pub(super) fn push<'a>(
    wire: Wire,
    field: Option<&'a [u8]>,
    veil: &'a mut Veil<'_>,
    to: &mut Vec<Value<'a>>,
) -> Result<(), CopyError> {
    let Some(bytes) = field else {
        to.push(Value::Null);
        return Ok(());
    };
    match wire {
        Wire::Int => to.push(Value::Int(int(bytes)?)),
        Wire::Float => to.push(Value::Double(float(bytes)?)),
        Wire::Bool => to.push(Value::Bool(array::<1>("bool", bytes)? != [0])),
        Wire::TimeWithZone => {
            to.push(time(i64::from_be_bytes(array("timestamptz", bytes)?), "+00"));
        }
        Wire::TimeWithoutZone => {
            to.push(time(i64::from_be_bytes(array("timestamp", bytes)?), ""));
        }
        Wire::Text => to.push(Value::Text(veil.text(bytes))),
        Wire::Uuid => {
            let uuid = uuid::Uuid::from_bytes(array("uuid", bytes)?);
            to.push(Value::Text(veil.uuid(uuid)));
        }
        Wire::Jsonb => match bytes.split_first() {
            Some((&JSONB_VERSION, json)) => to.push(Value::Text(veil.text(json))),
            Some(_) | None => return Err(CopyError::Value { kind: "jsonb", bytes: bytes.len() }),
        },
    }
    Ok(())
}

/// An integer of any of the three widths.
pub(super) fn int(bytes: &[u8]) -> Result<i64, CopyError> {
    match bytes.len() {
        2 => Ok(i64::from(i16::from_be_bytes(array("int2", bytes)?))),
        4 => Ok(i64::from(i32::from_be_bytes(array("int4", bytes)?))),
        _ => Ok(i64::from_be_bytes(array("int8", bytes)?)),
    }
}

/// A transaction's id.
pub(super) fn xid(bytes: &[u8]) -> Result<u32, CopyError> {
    Ok(u32::from_be_bytes(array("xid", bytes)?))
}

/// A float4 becomes the double that its shortest text names, as a reader of that text would have it.
fn float(bytes: &[u8]) -> Result<f64, CopyError> {
    if bytes.len() != 4 {
        return Ok(f64::from_be_bytes(array("float8", bytes)?));
    }
    let single = f32::from_be_bytes(array("float4", bytes)?);
    Ok(single.to_string().parse().unwrap_or(f64::from(single)))
}

fn time(since_2000: i64, zone: &str) -> Value<'static> {
    match since_2000 {
        i64::MAX => Value::Verbatim("infinity".into()),
        i64::MIN => Value::Verbatim("-infinity".into()),
        _ => {
            let instant = since_2000.checked_add(EPOCH_2000).map(Micros);
            match instant.filter(|at| time_text::is_in_calendar(*at)) {
                Some(at) => Value::Time(at),
                None => Value::Verbatim(time_text::print(since_2000, zone).into()),
            }
        }
    }
}

fn array<const N: usize>(kind: &'static str, bytes: &[u8]) -> Result<[u8; N], CopyError> {
    bytes.try_into().map_err(|_| CopyError::Value { kind, bytes: bytes.len() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::Redactor;
    use crate::redact::policy::Policy;
    use crate::redact::role::Role;

    fn redactor() -> Redactor {
        Redactor::new(Policy::Standard, &[7; 32])
    }

    fn read(wire: Wire, bytes: &[u8]) -> Value<'static> {
        let redactor = redactor();
        let mut veil = Veil::new(&redactor, Role::Prose);
        match value(wire, Some(bytes), &mut veil).expect("a whole field") {
            Value::Text(text) => Value::Text(text.into_owned().into()),
            Value::Verbatim(text) => Value::Verbatim(text.into_owned().into()),
            Value::Int(n) => Value::Int(n),
            Value::Double(x) => Value::Double(x),
            Value::Bool(is) => Value::Bool(is),
            Value::Time(at) => Value::Time(at),
            Value::Null => Value::Null,
        }
    }

    #[test]
    fn numbers_of_every_width() {
        assert_eq!(read(Wire::Int, &(-2i16).to_be_bytes()), Value::Int(-2));
        assert_eq!(read(Wire::Int, &i32::MIN.to_be_bytes()), Value::Int(i64::from(i32::MIN)));
        assert_eq!(read(Wire::Int, &i64::MAX.to_be_bytes()), Value::Int(i64::MAX));
        assert_eq!(read(Wire::Float, &1.1f32.to_be_bytes()), Value::Double(1.1));
        assert_eq!(read(Wire::Float, &1.1f64.to_be_bytes()), Value::Double(1.1));
        assert_eq!(read(Wire::Float, &f32::INFINITY.to_be_bytes()), Value::Double(f64::INFINITY));
        assert_eq!(read(Wire::Bool, &[1]), Value::Bool(true));
    }

    #[test]
    fn instants_and_what_is_none() {
        let at = Micros(EPOCH_2000 + 1);
        assert_eq!(read(Wire::TimeWithZone, &1i64.to_be_bytes()), Value::Time(at));
        assert_eq!(
            read(Wire::TimeWithZone, &i64::MAX.to_be_bytes()),
            Value::Verbatim("infinity".into())
        );
        assert_eq!(
            read(Wire::TimeWithoutZone, &i64::MIN.to_be_bytes()),
            Value::Verbatim("-infinity".into())
        );
    }

    #[test]
    fn null_is_not_empty_and_bad_utf8_is_not_the_end() {
        let redactor = redactor();
        let mut veil = Veil::new(&redactor, Role::Prose);
        assert_eq!(value(Wire::Text, None, &mut veil), Ok(Value::Null));
        assert_eq!(read(Wire::Text, b""), Value::Text("".into()));
        assert_eq!(read(Wire::Text, b"a\xffb"), Value::Text("a\u{fffd}b".into()));
    }

    #[test]
    fn a_field_of_the_wrong_length_is_an_error() {
        for (wire, bytes) in [
            (Wire::Int, &b"abc"[..]),
            (Wire::Float, &b""[..]),
            (Wire::Bool, &b"tt"[..]),
            (Wire::TimeWithZone, &b"1234"[..]),
            (Wire::Uuid, &b"1234"[..]),
            (Wire::Jsonb, &b""[..]),
            (Wire::Jsonb, &b"\x02{}"[..]),
        ] {
            let redactor = redactor();
            let mut veil = Veil::new(&redactor, Role::Prose);
            assert!(value(wire, Some(bytes), &mut veil).is_err(), "{wire:?}");
        }
        assert_eq!(read(Wire::Jsonb, b"\x01{}"), Value::Text("{}".into()));
        let uuid = "00010203-0405-0607-0809-0a0b0c0d0e0f";
        let bytes: Vec<u8> = (0..16).collect();
        assert_eq!(read(Wire::Uuid, &bytes), Value::Text(uuid.into()));
    }
}
