import { impactOf } from '../../src/inventory/json-schema.ts';
import { impactText } from '../../src/model/impact.ts';
import { markdownTable } from './generated.ts';

/** The parts of JSON Schema that the inventory's schema uses. */
export interface Field {
  readonly type?: string;
  readonly title?: string;
  readonly anyOf?: readonly Field[];
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly not?: object;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Field>>;
  readonly required?: readonly string[];
  readonly items?: Field;
  readonly additionalProperties?: Field | boolean;
}

interface Section {
  readonly path: string;
  readonly field: Field;
}

/** Every object of the inventory with a table of its keys, as Markdown; an object used in several places is listed once. */
export function inventoryReference(schema: object): string {
  const known = new Map<string, string>();
  return sectionsOf({ path: '', field: schema }, known)
    .map((section) => sectionText(section, known))
    .join('\n\n');
}

/** Objects from the outside in, each form of an object once; `known` records where. */
function sectionsOf({ path, field }: Section, known: Map<string, string>): readonly Section[] {
  const form = JSON.stringify([field.properties, field.required]);
  if (field.properties === undefined || known.has(form)) return [];
  known.set(form, path);
  const inner = Object.entries(field.properties).flatMap(([key, child]) => {
    const { path: below, field: object } = objectIn(join(path, key), child);
    return sectionsOf({ path: below, field: object }, known);
  });
  return [{ path, field }, ...inner];
}

const join = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);

/** The object that a field is, or that its items are. */
function objectIn(path: string, field: Field): Section {
  return field.items === undefined ? { path, field } : objectIn(`${path}[]`, field.items);
}

function sectionText({ path, field }: Section, known: ReadonlyMap<string, string>): string {
  const entries = Object.entries(field.properties ?? {});
  const rows = entries
    .filter(([, child]) => child.not === undefined)
    .map(([key, child]) => [
      `\`${key}\`${field.required?.includes(key) === true ? ' (required)' : ''}`,
      typeOf(child),
      child.default === undefined ? '' : code(child.default),
      `${(child.description ?? '').replace(/ ?If changed: .*$/, '')}${seeAlso(join(path, key), child, known)}`,
      child.default !== undefined && !isEmpty(child.default) ? '' : exampleOf(child),
      changeOf(join(path, key)),
    ]);
  const refused = entries.filter(([, child]) => child.not !== undefined);
  return [
    `## ${path === '' ? 'The file' : path}`,
    field.description ?? '',
    markdownTable([['key', 'type', 'default', 'meaning', 'example', 'if changed'], ...rows]),
    ...refusals(refused),
  ].join('\n\n');
}

/** What a changed field does to a running cluster; '' for an object, whose fields say it. */
function changeOf(path: string): string {
  const impact = impactOf(path.replaceAll('[]', '').split('.'));
  return impact === undefined ? '' : impactText(impact);
}

/** Keys that are refused with a reason: keys with the same reason share a line. */
function refusals(refused: readonly (readonly [string, Field])[]): readonly string[] {
  const reasons = new Map<string, string[]>();
  for (const [key, { description = '' }] of refused)
    reasons.set(description, [...(reasons.get(description) ?? []), `\`${key}\``]);
  return [...reasons].map(([reason, keys]) => `${keys.join(', ')}: ${reason}`);
}

function typeOf(field: Field): string {
  if (field.items !== undefined) return `list of ${plural(typeOf(field.items))}`;
  if (field.anyOf !== undefined) return field.anyOf.map((each) => each.title ?? typeOf(each)).join(', or ');
  if (field.const !== undefined) return code(field.const);
  if (field.enum !== undefined) return field.enum.map(code).join(', ');
  if (field.properties !== undefined) return 'object';
  if (typeof field.additionalProperties === 'object' && field.additionalProperties.type !== undefined)
    return `map of ${plural(typeOf(field.additionalProperties))}`;
  if (field.type === 'object') return 'any fields';
  if (field.type === 'integer') return `${field.minimum ?? ''} to ${field.maximum ?? ''}`;
  return field.type ?? '';
}

const plural = (type: string): string => (/^\w+$/.test(type) ? `${type}s` : type);

/** Where the keys of an object are described. */
function seeAlso(path: string, field: Field, known: ReadonlyMap<string, string>): string {
  const { field: object } = objectIn(path, field);
  const at = known.get(JSON.stringify([object.properties, object.required]));
  return at === undefined || object.properties === undefined ? '' : ` Keys: [${at}](#${anchor(at)}).`;
}

/** The anchor that GitHub generates for a heading. */
const anchor = (heading: string): string => heading.toLowerCase().replaceAll(/[^a-z0-9 -]/g, '');

/** The stated example, or the first of the allowed values. */
export function exampleOf(field: Field): string {
  const given = field.examples?.[0] ?? field.const ?? field.enum?.[0] ?? field.default;
  if (given !== undefined && !isEmpty(given)) return code(given);
  if (field.type === 'boolean') return code(true);
  const within = field.items === undefined ? '' : exampleOf(field.items);
  return within === '' ? '' : code(`[${within.slice(1, -1)}]`);
}

const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;

/** A value in YAML's flow style. */
function code(value: unknown): string {
  return `\`${typeof value === 'string' ? value : flow(value)}\``;
}

function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'object' && value !== null)
    return `{ ${Object.entries(value)
      .map(([key, child]) => `${key}: ${flow(child)}`)
      .join(', ')} }`.replace(/^\{ {2}\}$/, '{}');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
