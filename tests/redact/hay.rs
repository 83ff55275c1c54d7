//! Everything a snapshot and the program say, ready to be searched.

use std::fs::{self, File};
use std::path::Path;

use parquet::bloom_filter::Sbbf;
use parquet::column::reader::ColumnReader;
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::properties::ReaderProperties;
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use parquet::file::serialized_reader::ReadOptionsBuilder;

use crate::redact::canary::Hay;
use crate::support::files::walk;

/// Every byte of every file; of Parquet also what is packed, and what stands about it.
pub(crate) fn snapshot(dir: &Path, hay: &mut Hay) {
    let mut files = Vec::new();
    walk(dir, &mut files);
    for path in files {
        let name = path.strip_prefix(dir).expect("a path below").display().to_string();
        hay.add(format!("{name} (its name)"), name.as_bytes());
        hay.add(format!("{name} (raw)"), fs::read(&path).expect("a readable file"));
        if path.extension().is_some_and(|suffix| suffix == "parquet") {
            parquet(&path, &name, hay);
        }
    }
}

/// A Bloom filter answers questions about values: this one about those of its column, which are searched as they
/// stand there, and about no others.
fn assert_of_its_column(filter: &Sbbf, rows: &dyn RowGroupReader, column: usize, place: &str) {
    const BLOCK_BYTES: usize = 32;
    let reader = rows.get_column_reader(column).expect("a column");
    let ColumnReader::ByteArrayColumnReader(mut reader) = reader else {
        panic!("{place}: a filter of what is no text");
    };
    let (mut levels, mut values) = (Vec::new(), Vec::new());
    while reader.read_records(8_192, Some(&mut levels), None, &mut values).expect("values").0 > 0 {}
    let mut made = Sbbf::new_with_num_of_bytes(filter.num_blocks() * BLOCK_BYTES);
    values.iter().for_each(|value| made.insert(value));
    let bits = |filter: &Sbbf| {
        let mut bits = Vec::new();
        filter.write_bitset(&mut bits).expect("memory");
        bits
    };
    assert!(bits(&made) == bits(filter), "{place}: its Bloom filter knows other values");
}

fn parquet(path: &Path, name: &str, hay: &mut Hay) {
    let file = File::open(path).expect("a file");
    let properties = ReaderProperties::builder().set_read_bloom_filter(true).build();
    let options =
        ReadOptionsBuilder::new().with_page_index().with_reader_properties(properties).build();
    let reader = SerializedFileReader::new_with_options(file, options).expect("a Parquet file");
    let metadata = reader.metadata();
    hay.add(format!("{name} (key-value metadata)"), {
        let pairs = metadata.file_metadata().key_value_metadata();
        format!("{pairs:?} {:?}", metadata.file_metadata().created_by()).into_bytes()
    });
    let mut pages = 0;
    for group in 0..metadata.num_row_groups() {
        let rows = reader.get_row_group(group).expect("a row group");
        for column in 0..metadata.row_group(group).num_columns() {
            let chunk = metadata.row_group(group).column(column);
            let place = format!("{name} {}", chunk.column_path());
            if let Some(told) = chunk.statistics() {
                let ends = [told.min_bytes_opt(), told.max_bytes_opt()];
                hay.add(
                    format!("{place} (statistics)"),
                    ends.map(Option::unwrap_or_default).concat(),
                );
            }
            let index = metadata.column_index().map(|index| &index[group][column]);
            if let Some(ColumnIndexMetaData::BYTE_ARRAY(index)) = index {
                let ends = index.min_values_iter().chain(index.max_values_iter()).flatten();
                hay.add(format!("{place} (page index)"), ends.collect::<Vec<_>>().concat());
            }
            if let Some(filter) = rows.get_column_bloom_filter(column) {
                assert_of_its_column(filter, rows.as_ref(), column, &place);
            }
            for page in rows.get_column_page_reader(column).expect("pages") {
                let page = page.expect("a page");
                pages += 1;
                hay.add(format!("{place} ({:?})", page.page_type()), page.buffer().to_vec());
            }
        }
    }
    let empty = metadata.file_metadata().num_rows() == 0;
    assert!(empty || pages > 0, "{name} has no page");
}
