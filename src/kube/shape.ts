import { isRecord, isRecordOfTexts } from '../model/record.ts';

/**
 * What an answer of the API must look like where kboot looks into it: fields that are not in a shape may be anything.
 * `texts`: an object of texts; `scalar`: a number or text; `fields`: FieldsV1. A field whose name ends in `!` must be there.
 */
export type Shape =
  | 'text'
  | 'number'
  | 'boolean'
  | 'scalar'
  | 'record'
  | 'texts'
  | 'fields'
  | readonly [Shape]
  | { readonly [field: string]: Shape };

/**
 * The first place where a value does not have a shape, in words: `items[3].spec.taints is a text`; undefined if it has it.
 * Takes away fields that are null, which to Kubernetes are absent.
 */
export function misshapen(value: unknown, shape: Shape, at = ''): string | undefined {
  const wrong = (): string => `${at === '' ? 'it' : at} is ${nameOf(value)}`;
  if (typeof shape === 'string') return plain[shape](value) ? undefined : wrong();
  if (isList(shape)) {
    if (!Array.isArray(value)) return wrong();
    const [of] = shape;
    return first(value, (item, index) => misshapen(item, of, `${at}[${index}]`));
  }
  if (!isRecord(value)) return wrong();
  return first(Object.entries(shape), ([name, of]) => {
    const isRequired = name.endsWith('!');
    const field = isRequired ? name.slice(0, -1) : name;
    const path = at === '' ? field : `${at}.${field}`;
    const found = Object.hasOwn(value, field) ? value[field] : undefined;
    if (found === null && !isRequired) Reflect.deleteProperty(value, field);
    if (found === undefined || (found === null && !isRequired))
      return isRequired ? `${path} is absent` : undefined;
    return misshapen(found, of, path);
  });
}

function first<T>(
  items: readonly T[],
  look: (item: T, index: number) => string | undefined,
): string | undefined {
  for (const [index, item] of items.entries()) {
    const found = look(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
}

const plain: Readonly<Record<Shape & string, (value: unknown) => boolean>> = {
  text: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  scalar: (value) => typeof value === 'string' || typeof value === 'number',
  record: isRecord,
  texts: isRecordOfTexts,
  fields: isFields,
};

/** Nested objects; a member `k:…` has its key as JSON. */
function isFields(value: unknown): boolean {
  const left: unknown[] = [value];
  for (let next = left.pop(); left.length > 0 || next !== undefined; next = left.pop()) {
    if (!isRecord(next)) return false;
    for (const [member, inner] of Object.entries(next)) {
      if (member.startsWith('k:') && !isKey(member.slice(2))) return false;
      left.push(inner ?? null);
    }
  }
  return true;
}

function isKey(text: string): boolean {
  try {
    return isRecord(JSON.parse(text));
  } catch {
    return false;
  }
}

const isList = (shape: Shape): shape is readonly [Shape] => Array.isArray(shape);

function nameOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return 'a text';
  if (isRecord(value)) return 'an object of another form';
  return `a ${typeof value}`;
}
