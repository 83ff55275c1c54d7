//! How every Parquet file of ours is written, and read back.

use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, FieldRef, Fields, Schema, SchemaRef};
use arrow::error::ArrowError;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use crate::snapshot::error::SnapshotError;

/// Rows in a row group.
pub(crate) const ROW_GROUP_ROWS_MAX: usize = 131_072;
/// Encoded bytes after which a row group is closed early, so that huge messages stay bounded.
pub(crate) const ROW_GROUP_BYTES_MAX: usize = 64 << 20;

/// Bytes hashed at once: enough that BLAKE3 uses the widest instructions there are.
pub(super) const PIECE_BYTES: usize = 1 << 17;

/// Bytes of text after which a row group is closed, however small they became: whoever reads it has to
/// unpack them, and one batch of text cannot hold more than 2 GiB.
pub(crate) const ROW_GROUP_TEXT_MAX: usize = 256 << 20;

/// Bytes of distinct messages that a row group keeps apart from its rows. Messages repeat: one that is
/// kept once is classified once.
const DISTINCT_MESSAGES_MAX: usize = 32 << 20;

/// Rows in a batch that is read, and the bytes of text it should stay near.
const BATCH_ROWS_MAX: usize = 8_192;
const BATCH_TEXT: usize = 64 << 20;

/// Reproducible bytes: pinned writer name, zstd 3, page statistics. What is written has these columns: a key that is a
/// number at its source is no text.
pub fn properties(schema: &Schema) -> WriterProperties {
    let is_text = |name: &str| {
        schema.field_with_name(name).is_ok_and(|field| *field.data_type() == DataType::Utf8)
    };
    let fast = Compression::ZSTD(ZstdLevel::try_new(1).unwrap_or_default());
    let mut properties = WriterProperties::builder()
        .set_created_by("backstory".to_string())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3).unwrap_or_default()))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS_MAX))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_column_dictionary_page_size_limit(ColumnPath::from("message"), DISTINCT_MESSAGES_MAX)
        // what never repeats needs no dictionary
        .set_column_dictionary_enabled(ColumnPath::from("id"), false)
        .set_column_dictionary_enabled(ColumnPath::from("_row_hash"), false)
        // nor does a better compression find anything in it, or a length before each value help it
        .set_column_compression(ColumnPath::from("id"), fast)
        .set_column_compression(ColumnPath::from("_row_hash"), fast)
        // nobody asks for the hashes above or below one; of other texts the statistics also tell the size
        .set_column_statistics_enabled(ColumnPath::from("_row_hash"), EnabledStatistics::None)
        // times of log rows follow each other, which a dictionary hides
        .set_column_dictionary_enabled(ColumnPath::from("timestamp"), false)
        // and what hardly ever changes is told by its steps in less time than it is looked up
        .set_column_dictionary_enabled(ColumnPath::from("_xid"), false)
        .set_column_dictionary_enabled(ColumnPath::from("captured_at"), false)
        .set_column_encoding(ColumnPath::from("_xid"), Encoding::DELTA_BINARY_PACKED)
        .set_column_encoding(ColumnPath::from("captured_at"), Encoding::DELTA_BINARY_PACKED);
    for name in ["id", "_row_hash"].into_iter().filter(|name| is_text(name)) {
        let encoding = Encoding::DELTA_LENGTH_BYTE_ARRAY;
        properties = properties.set_column_encoding(ColumnPath::from(name), encoding);
    }
    properties.build()
}

/// Length and BLAKE3 of a file, read in pieces.
pub fn hash_file(path: &Path) -> Result<(u64, String), SnapshotError> {
    hash_file_in_pieces(path, &|_| {}).map_err(|err| SnapshotError::reading(path, err))
}

/// The same, telling the bytes of every piece.
pub fn hash_file_in_pieces(path: &Path, tick: &dyn Fn(u64)) -> std::io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let mut hasher = blake3::Hasher::new();
    let mut piece = vec![0; PIECE_BYTES];
    let mut bytes = 0;
    loop {
        let read = match file.read(&mut piece) {
            Ok(0) => return Ok((bytes, hasher.finalize().to_hex().to_string())),
            Ok(read) => read,
            Err(err) if err.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(err) => return Err(err),
        };
        hasher.update(&piece[..read]);
        bytes += read as u64;
        tick(read as u64);
    }
}

/// The columns of a file.
pub fn schema(path: &Path) -> Result<SchemaRef, SnapshotError> {
    let file = File::open(path).map_err(|err| SnapshotError::io("read", path, err))?;
    let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new());
    let parquet = |source| SnapshotError::Parquet { path: path.to_path_buf(), source };
    Ok(metadata.map_err(parquet)?.schema().clone())
}

/// How many rows to read at once: few where texts are huge.
fn batch_rows(metadata: &ParquetMetaData, mask: &ProjectionMask) -> usize {
    let rows = metadata.row_groups().iter().map(|group| {
        let wanted = group.columns().iter().enumerate().filter(|(at, _)| mask.leaf_included(*at));
        let text = |column: &ColumnChunkMetaData| match column.unencoded_byte_array_data_bytes() {
            Some(bytes) => bytes,
            None => column.uncompressed_size(),
        };
        let bytes: i64 = wanted.map(|(_, column)| text(column)).sum();
        let of_row = bytes / group.num_rows().max(1);
        BATCH_TEXT / usize::try_from(of_row).unwrap_or_default().max(1)
    });
    rows.min().unwrap_or(BATCH_ROWS_MAX).clamp(1, BATCH_ROWS_MAX)
}

/// Reads the wanted columns of a file, batch by batch. Columns the file lacks are simply absent from
/// the batches; their order is the file's.
pub fn read_columns(
    path: &Path,
    wanted: &[&str],
    each: impl FnMut(RecordBatch) -> Result<(), SnapshotError>,
) -> Result<(), SnapshotError> {
    read_columns_of(path, wanted, None, each)
}

/// The same of some row groups.
pub fn read_columns_of(
    path: &Path,
    wanted: &[&str],
    groups: Option<Range<usize>>,
    mut each: impl FnMut(RecordBatch) -> Result<(), SnapshotError>,
) -> Result<(), SnapshotError> {
    for batch in batches(path, wanted, &[], groups)? {
        each(batch.map_err(|err| not_parquet(path, err))?)?;
    }
    Ok(())
}

/// How many row groups a file has.
pub fn row_groups(path: &Path) -> Result<usize, SnapshotError> {
    let file = File::open(path).map_err(|err| SnapshotError::io("read", path, err))?;
    let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new());
    let parquet = |source| SnapshotError::Parquet { path: path.to_path_buf(), source };
    Ok(metadata.map_err(parquet)?.metadata().num_row_groups())
}

/// The same of some row groups, with further columns whose texts repeat: each batch has their distinct texts once, and a
/// number a row. Such a column that is not of texts comes as it is. While one batch is worked on, another
/// thread reads the next.
pub fn read_repeated(
    path: &Path,
    wanted: &[&str],
    repeated: &[&str],
    groups: Range<usize>,
    mut each: impl FnMut(RecordBatch) -> Result<(), SnapshotError>,
) -> Result<(), SnapshotError> {
    let mut batches = batches(path, wanted, repeated, Some(groups))?;
    let mut next = batches.next();
    while let Some(batch) = next.take() {
        let batch = batch.map_err(|err| not_parquet(path, err))?;
        rayon::in_place_scope(|scope| {
            scope.spawn(|_| next = batches.next());
            each(batch)
        })?;
    }
    Ok(())
}

fn not_parquet(path: &Path, err: ArrowError) -> SnapshotError {
    SnapshotError::Parquet { path: path.to_path_buf(), source: err.into() }
}

fn batches(
    path: &Path,
    wanted: &[&str],
    repeated: &[&str],
    groups: Option<Range<usize>>,
) -> Result<ParquetRecordBatchReader, SnapshotError> {
    let parquet = |source| SnapshotError::Parquet { path: path.to_path_buf(), source };
    let file = File::open(path).map_err(|err| SnapshotError::io("read", path, err))?;
    let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).map_err(parquet)?;
    let as_asked = |field: &FieldRef| {
        let repeats = repeated.contains(&field.name().as_str());
        if !repeats || *field.data_type() != DataType::Utf8 {
            return field.clone();
        }
        let kind = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        Arc::new(field.as_ref().clone().with_data_type(kind))
    };
    let fields: Fields = metadata.schema().fields().iter().map(as_asked).collect();
    let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields)));
    let metadata =
        ArrowReaderMetadata::try_new(metadata.metadata().clone(), options).map_err(parquet)?;
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
    // By place: the mask of names would take the dot of a column `a.b` for a step into a record.
    let fields = builder.parquet_schema().root_schema().get_fields().iter().enumerate();
    let is_wanted = |name| wanted.contains(&name) || repeated.contains(&name);
    let places = fields.filter(|(_, field)| is_wanted(field.name())).map(|(at, _)| at);
    let mask = ProjectionMask::roots(builder.parquet_schema(), places);
    let rows = batch_rows(builder.metadata(), &mask);
    let builder = match groups {
        Some(groups) => builder.with_row_groups(groups.collect()),
        None => builder,
    };
    builder.with_projection(mask).with_batch_size(rows).build().map_err(parquet)
}
