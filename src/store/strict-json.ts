/*
 * Go, in which registries and containerd are written, reads a field whatever its case, and takes the last of two fields of one
 * name (encoding/json); JavaScript reads neither. A document that both could read differently is refused.
 */

/**
 * The value of a JSON text in UTF-8. Throws an Error, as a phrase that follows the file's name: it is not JSON, an object has
 * two fields whose names differ at most in case, or a field has one of `names` in another case.
 */
export function strictJson(bytes: Uint8Array, names: readonly string[]): unknown {
  const text = decoded(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error('is not JSON');
  }
  const canonical = new Map(names.map((name) => [folded(name), name]));
  /** Names of the fields of the objects that are open; null: an array. */
  const open: (Set<string> | null)[] = [];
  let last = '';
  for (const token of tokensOf(text)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(null);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':') note(open.at(-1), JSON.parse(last) as string);
    last = token;
  }
  return value;

  function note(fields: Set<string> | null | undefined, field: string): void {
    const name = folded(field);
    if (fields?.has(name) === true) throw new Error(`has ${JSON.stringify(field)} twice in one object`);
    fields?.add(name);
    const wanted = canonical.get(name);
    if (wanted !== undefined && wanted !== field)
      throw new Error(`has ${JSON.stringify(field)} where it should have ${JSON.stringify(wanted)}`);
  }
}

/** Texts with their quotes, and `{` `}` `[` `]` `:`, of a JSON text. A regular expression fails on a text of some megabytes. */
function* tokensOf(json: string): Generator<string, undefined> {
  for (let at = 0; at < json.length; at++) {
    const char = json[at] ?? '';
    if ('{}[]:'.includes(char)) yield char;
    if (char !== '"') continue;
    const begin = at;
    for (at++; at < json.length && json[at] !== '"'; at++) if (json[at] === '\\') at++;
    yield json.slice(begin, at + 1);
  }
  return undefined;
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Error('is not UTF-8 text');
  }
}

/** Names that Go takes for one: also ſ for s, and the Kelvin sign for k. */
const folded = (name: string): string => name.normalize('NFKC').toLowerCase();
