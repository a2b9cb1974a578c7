/**
 * Values in the formats that kboot writes. Each function returns text on one line that its format's parser
 * reads back as exactly the same value; a value that the format cannot represent throws RangeError.
 */

export type Scalar = string | number | boolean;

/** Words and numbers that a YAML 1.1 or 1.2 parser does not read as a string. */
const yamlWord = /^(y|n|yes|no|on|off|true|false|null|e[-+]?\d+)$/i;
const yamlStart = /^(?:[A-Za-z/_]|--[A-Za-z]|::)/;
const yamlPlain = /^[\w./:=,@*+%()[\]-]*[\w./=,@*+%()[\]-]$/;
const ipv4Start = /^\d{1,3}(?:\.\d{1,3}){3}(?:[/:]\d{1,5})?$/;
const hexWithDoubleColon = /^[\dA-Fa-f.:/,]*::[\dA-Fa-f.:/,]*$/;

function isPlainYaml(text: string): boolean {
  if (!yamlPlain.test(text)) return false;
  if (yamlStart.test(text)) return !yamlWord.test(text);
  return ipv4Start.test(text) || hexWithDoubleColon.test(text);
}

/**
 * A YAML scalar for block style, in go-yaml's choice of quotes: none, single, or double where needed.
 * Inside `[…]` and `{…}` use jsonScalar: plain text may hold their punctuation.
 */
export function yamlScalar(value: Scalar): string {
  if (typeof value !== 'string') return number(value);
  if (isPlainYaml(value)) return value;
  const typeLike = /^[\w+.-]*$/.test(value);
  if (!typeLike && /^[\x20-\x7e]+$/.test(value)) return `'${value.replaceAll("'", "''")}'`;
  return jsonString(value);
}

/** Control characters, line separators, byte-order marks and non-characters: legal in JSON, but not everywhere else. */
const unsafe = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

/** A JSON string that is also a YAML double-quoted scalar and a TOML basic string. */
export function jsonString(value: string): string {
  return JSON.stringify(value).replace(
    unsafe,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A JSON or TOML scalar. */
export function jsonScalar(value: Scalar): string {
  return typeof value === 'string' ? jsonString(value) : number(value);
}

/** One word of a systemd command line (systemd.service(5), "Command lines"). */
export function systemdWord(value: Scalar): string {
  const text = String(value);
  refuse(text, /\0/, 'a NUL character');
  const literal = text.replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /^[\w@%+=:,./$-]+$/.test(literal) ? literal : jsonString(literal);
}

/** `NAME=value` for Environment= of a systemd unit, in which `$` has no meaning. */
export function systemdAssignment(value: Scalar): string {
  const text = String(value);
  refuse(text, /[\0-\x1f\x7f]/, 'a control character');
  return `"${text.replaceAll('%', '%%').replace(/["\\]/g, '\\$&')}"`;
}

/** A value of a systemd EnvironmentFile (systemd.exec(5)), in double quotes. */
export function environmentValue(value: Scalar): string {
  const text = String(value);
  refuse(text, /[\0-\x1f\x7f]/, 'a control character');
  return `"${text.replace(/["\\$`]/g, '\\$&')}"`;
}

/** A value for line formats without quoting (sysctl.d, modules-load.d, Corefile): letters, digits, `._/:-@[]`. */
export function bareWord(value: Scalar): string {
  const text = String(value);
  if (!/^[\w./:@[\]-]+$/.test(text)) throw new RangeError(`${jsonString(text)} is not a single plain word`);
  return text;
}

/** A calendar event of systemd.time(7). */
export function calendarEvent(value: Scalar): string {
  const text = String(value);
  if (!/^[\w.,:*/~+ -]+$/.test(text)) throw new RangeError(`${jsonString(text)} is not a calendar event`);
  return text;
}

function number(value: number | boolean): string {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError('not a finite number');
  return String(value);
}

function refuse(text: string, pattern: RegExp, what: string): void {
  if (pattern.test(text)) throw new RangeError(`${jsonString(text)} contains ${what}`);
}
