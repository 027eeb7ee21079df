import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { CsvError, type InfoRecord, parse } from 'csv-parse';
import { ConfigurationError } from '../../config/environment.ts';

/** A fault in a file. Lines start at 1. */
export interface Fault {
  line: number;
  /** Begins with the name of the column: "price: must be …". */
  detail: string;
}

/** A row with content, below the header. */
export interface Row {
  line: number;
  /** The trimmed text of each cell, by the column's name in lower case. A row may lack its last cells. */
  cells: Map<string, string>;
}

/** The maximum size of a file, in bytes. */
const MAX_BYTES = 1_000_000;

/** The maximum number of rows. Changes by the API wait for an import, and must not time out. */
const MAX_ROWS = 1_000;

/**
 * Reads a CSV file in UTF-8, with or without a byte order mark. The header decides whether commas, semicolons or tabs
 * separate the columns. Rows without content are skipped.
 *
 * @param columns the allowed columns
 * @throws {ConfigurationError} if the path is not a file, or the file is too large
 */
export async function readCsv(path: string, columns: readonly string[]): Promise<{ rows: Row[]; faults: Fault[] }> {
  const found = await stat(path);
  if (!found.isFile()) throw new ConfigurationError(`${path} is not a file.`);
  const { size } = found;
  if (size > MAX_BYTES)
    throw new ConfigurationError(
      `${path} has ${size} bytes. The maximum is ${MAX_BYTES}: split it into several files.`,
    );
  const { start, delimiter } = await readStart(path);
  const parser = parse({
    delimiter,
    // Bytes, because invalid UTF-8 could not be detected in text.
    encoding: null,
    info: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    skip_records_with_empty_values: true,
  });
  const records: RawRow[] = [];
  const faults: Fault[] = [];
  try {
    for await (const { record, info } of createReadStream(path, { start }).compose(parser)) {
      if (records.length > MAX_ROWS)
        throw new ConfigurationError(`${path} has more than ${MAX_ROWS} rows: split it into several files.`);
      records.push(toText(record, info, faults));
    }
  } catch (error) {
    // The rest of the file cannot be divided into cells.
    if (!(error instanceof CsvError)) throw error;
    faults.push({ line: Number(error.lines), detail: 'a quotation mark is missing, or is not doubled inside a cell' });
  }
  return toRows(records, columns, faults);
}

/** Returns where the text starts, after any byte order mark, and the delimiter, which no column name contains. */
async function readStart(path: string): Promise<{ start: number; delimiter: string }> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2_000));
    const text = buffer.toString('utf8', 0, bytesRead);
    const [header = ''] = text.split(/[\r\n]/);
    const delimiter = [';', '\t'].find((each) => header.includes(each)) ?? ',';
    return { start: text.startsWith('\ufeff') ? 3 : 0, delimiter };
  } finally {
    await file.close();
  }
}

interface RawRow {
  line: number;
  cells: string[];
}

function toText(record: Buffer[], { lines }: InfoRecord, faults: Fault[]): RawRow {
  const cells = record.map((cell) => cell.toString().trim());
  // `lines` is the last line of the record, whose cells may have several lines.
  const line = lines - record.join().split(/\r\n|\n|\r/).length + 1;
  for (const [index, cell] of record.entries()) {
    if (!isUtf8(cell)) faults.push({ line, detail: `cell ${index + 1} is not UTF-8: save the file as CSV UTF-8` });
  }
  return { line, cells };
}

/** Names the cells by the header. A fault in the header is the only one reported. */
function toRows([header, ...records]: RawRow[], columns: readonly string[], faults: Fault[]) {
  const line = header?.line ?? 1;
  const names = header?.cells.map((name) => name.toLowerCase().replaceAll(/\s+/g, ' ')) ?? [];
  const inHeader = names.flatMap((name, index) => {
    if (name === '') return [];
    if (!columns.includes(name)) return [`${name}: is not a column. The columns are ${columns.join(', ')}`];
    return names.indexOf(name) < index ? [`${name}: occurs twice`] : [];
  });
  if (names.every((name) => name === '')) inHeader.push(`the header is missing. The columns are ${columns.join(', ')}`);
  if (inHeader.length > 0) return { rows: [], faults: [...faults, ...inHeader.map((detail) => ({ line, detail }))] };
  const rows = records.map(({ line, cells }) => {
    const extra = cells.findIndex((cell, index) => cell !== '' && !names[index]);
    if (extra >= 0) faults.push({ line, detail: `cell ${extra + 1} is under no column of the header` });
    return { line, cells: new Map(names.map((name, index) => [name, cells[index] ?? ''])) };
  });
  return { rows, faults };
}
