import { isUtf8 } from 'node:buffer';
import { readFile, stat } from 'node:fs/promises';
import { CsvError, parse } from 'csv-parse/sync';
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
  const { rows, faults } = readRecords(withoutMark(await readFile(path)), path);
  return toRows(rows, columns, faults);
}

// The parser's option `bom` would also decode the text.
const BYTE_ORDER_MARK = Buffer.from('\ufeff');

function withoutMark(content: Buffer): Buffer {
  const { length } = BYTE_ORDER_MARK;
  return content.subarray(0, length).equals(BYTE_ORDER_MARK) ? content.subarray(length) : content;
}

interface RawRow {
  line: number;
  cells: string[];
}

/** Divides a file into the rows with content, the header first. */
function readRecords(content: Buffer, path: string): { rows: RawRow[]; faults: Fault[] } {
  const rows: RawRow[] = [];
  const faults: Fault[] = [];
  // Where the current record begins. The parser's own count of lines is too high after cells that contain \r\n.
  let [line, start] = [1, 0];
  try {
    parse(content, {
      delimiter: delimiterOf(content),
      // Bytes, because invalid UTF-8 could not be detected in text.
      encoding: null,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      on_record(fields, { bytes }) {
        const record = fields as unknown as Buffer[];
        const cells = record.map((cell) => cell.toString().trim());
        if (cells.some((cell) => cell !== '')) rows.push({ line, cells });
        if (rows.length > MAX_ROWS + 1)
          throw new ConfigurationError(`${path} has more than ${MAX_ROWS} rows: split it into several files.`);
        faults.push(...faultsOfEncoding(record, line));
        line += countLineBreaks(content.subarray(start, bytes));
        start = bytes;
        return null;
      },
    });
  } catch (error) {
    // The rest of the file cannot be divided into cells.
    if (!(error instanceof CsvError)) throw error;
    const detail = 'the row that begins here has a quotation mark that is not closed, or not doubled inside a cell';
    faults.push({ line, detail });
  }
  return { rows, faults };
}

/** Returns the delimiter, which no column name contains. */
function delimiterOf(content: Buffer): string {
  const [header = ''] = content.toString('utf8', 0, 2_000).split(/[\r\n]/);
  return [';', '\t'].find((each) => header.includes(each)) ?? ',';
}

const faultsOfEncoding = (record: readonly Buffer[], line: number): Fault[] =>
  record.flatMap((cell, index) =>
    isUtf8(cell) ? [] : [{ line, detail: `cell ${index + 1} is not UTF-8: save the file as CSV UTF-8` }],
  );

const countLineBreaks = (content: Buffer): number => content.toString('latin1').match(/\r\n|\n|\r/g)?.length ?? 0;

/** Names the cells by the header. Rows below a header with faults are not read. */
function toRows([header, ...records]: RawRow[], columns: readonly string[], faults: Fault[]) {
  const line = header?.line ?? 1;
  // The names of the columns are unknown.
  if (faults.some((fault) => fault.line === line)) return { rows: [], faults };
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
