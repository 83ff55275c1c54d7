//! A column of texts as its file keeps it: each distinct text once, so that what is made of a text is
//! made once however many rows repeat it.

use arrow::array::{Array, AsArray, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::Int32Type;

/// One column of a batch, or none.
pub(super) struct Texts {
    /// Numbers of texts, by row.
    keys: Int32Array,
    distinct: StringArray,
}

impl Texts {
    /// The column of that name, if it holds texts.
    pub(super) fn of(batch: &RecordBatch, name: &str) -> Self {
        let column = batch.column_by_name(name);
        let texts = column.and_then(|column| column.as_dictionary_opt::<Int32Type>());
        let distinct = texts.and_then(|texts| texts.values().as_string_opt::<i32>());
        match (texts, distinct) {
            (Some(texts), Some(distinct)) => {
                Self { keys: texts.keys().clone(), distinct: distinct.clone() }
            }
            (None, _) | (_, None) => Self {
                keys: Int32Array::new_null(batch.num_rows()),
                distinct: StringArray::new_null(0),
            },
        }
    }

    /// The number of the text in a row; `None` for NULL.
    pub(super) fn number(&self, row: usize) -> Option<usize> {
        let valid = self.keys.is_valid(row).then(|| self.keys.value(row));
        // the reader checks the numbers of a file, but not against an empty dictionary
        valid.and_then(|key| usize::try_from(key).ok()).filter(|key| *key < self.distinct.len())
    }

    /// The text of that number.
    pub(super) fn text(&self, number: usize) -> &str {
        self.distinct.value(number)
    }
}

/// What was made of each text of a column, for as long as batches share the dictionary.
pub(super) struct Memo<T> {
    /// Held, so that its place in memory names it.
    of: Option<StringArray>,
    made: Vec<Option<T>>,
}

impl<T> Memo<T> {
    pub(super) fn new() -> Self {
        Self { of: None, made: Vec::new() }
    }

    /// Forgets what was made of another dictionary.
    pub(super) fn turn_to(&mut self, texts: &Texts) {
        let place = |all: &StringArray| (all.values().as_ptr(), all.offsets().as_ptr(), all.len());
        if self.of.as_ref().map(place) == Some(place(&texts.distinct)) {
            return;
        }
        self.of = Some(texts.distinct.clone());
        self.made.clear();
        self.made.resize_with(texts.distinct.len(), || None);
    }

    /// What was made of a text, if it is right, else `make` again.
    pub(super) fn get(
        &mut self,
        number: usize,
        is_right: impl FnOnce(&T) -> bool,
        make: impl FnOnce() -> T,
    ) -> &T {
        let slot = &mut self.made[number];
        if !slot.as_ref().is_some_and(is_right) {
            *slot = None;
        }
        slot.get_or_insert_with(make)
    }
}
