import type * as z from 'zod';
import { orList } from '../model/or-list.ts';
import { redactText } from '../model/redact.ts';
import { nearest } from './nearest.ts';
import {
  describePath,
  error,
  positionAt,
  valueAt,
  type Problem,
  type Path,
  type Position,
} from './position.ts';
import { inventoryJsonSchema } from './json-schema.ts';

type Issue = z.core.$ZodIssue;

/** The part of a JSON Schema that says which keys are allowed where. */
interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
  readonly additionalProperties?: Shape | false;
}

/** The schema of a kind of file, and its name in messages. */
interface Subject {
  readonly root: string;
  readonly schema: () => object;
}

const inventory: Subject = { root: 'the inventory', schema: inventoryJsonSchema };

/** zod's issues, worded for the user: one finding per mistake, at the value or key that is wrong. */
export function explainIssues(
  issues: readonly Issue[],
  data: unknown,
  place: Position,
  { root, schema }: Subject = inventory,
): Problem[] {
  let shape: Shape | undefined;
  const once = (): Shape => (shape ??= schema() as Shape);
  return issues.flatMap((issue) => explainIssue(issue, data, place, once, root));
}

function explainIssue(
  issue: Issue,
  data: unknown,
  place: Position,
  schema: () => Shape,
  root: string,
): Problem[] {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  const name = describePath(path, root);
  const found = valueAt(data, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        ...error([...path, key], unknownKey(schema(), path, key)),
        at: 'key',
      }));
    case 'invalid_type':
      if (found === undefined) return [error(path, `${name} is missing`)];
      return [error(path, mismatch(name, issue.expected, found, positionAt(place, path)?.source))];
    case 'invalid_value': {
      if (found === undefined) return [error(path, `${name} is missing`)];
      const known = issue.values.map(String);
      const close = typeof found === 'string' ? nearest(found, known) : undefined;
      const hint = close === undefined || known.length < 2 ? '' : `; did you mean "${close}"?`;
      return [
        error(
          path,
          `${name} must be ${orList(known)}, not ${shown(found, positionAt(place, path)?.source)}${hint}`,
        ),
      ];
    }
    case 'invalid_key':
      // A record's key: the inner issues carry the phrase of the key's own check.
      return [
        { ...error(path, `${name}: the key ${issue.issues[0]?.message ?? 'is not valid'}`), at: 'key' },
      ];
    case 'too_small':
    case 'too_big':
    case 'custom':
    case 'invalid_format':
    case 'not_multiple_of':
    case 'invalid_element':
      return [error(path, `${name} ${issue.message}`)];
    case 'invalid_union':
      if (found === null) return [error(path, mismatch(name, '', found, undefined))];
      return [error(path, `${name} ${issue.message}, not ${shown(found, positionAt(place, path)?.source)}`)];
  }
}

function mismatch(name: string, expected: string, found: unknown, source: string | undefined): string {
  if (found === null) return `${name} is empty; give it a value or remove the key`;
  const quote = expected === 'string' && (typeof found === 'number' || typeof found === 'boolean');
  const hint = quote ? ` (write "${source ?? String(found)}")` : '';
  return `${name} must be ${expectedName(expected)}, not ${shown(found, source)}${hint}`;
}

function expectedName(expected: string): string {
  const names: Record<string, string> = {
    string: 'a string',
    number: 'a number',
    boolean: 'true or false',
    array: 'a list',
    object: 'a mapping',
    record: 'a mapping',
  };
  return names[expected] ?? expected;
}

/** A value in a message: `the number 7`, `"x"`, `a list`. `source` is the text that it was read from. */
export function shown(value: unknown, source?: string): string {
  if (typeof value === 'string') {
    // A secret that is cut off would not be found in the message.
    const plain = redactText(value);
    return `"${plain.length > 60 ? `${plain.slice(0, 60)}…` : plain}"`;
  }
  if (typeof value === 'number') return `the number ${source ?? String(value)}`;
  if (typeof value === 'boolean') return source ?? String(value);
  if (value === null) return 'empty';
  return Array.isArray(value) ? 'a list' : 'a mapping';
}

function unknownKey(root: Shape, path: Path, key: string): string {
  const here = shapeAt(root, path);
  const where = path.length === 0 ? '' : ` in ${describePath(path)}`;
  const message = `unknown key "${key}"${where}`;
  const close = nearest(key, Object.keys(here?.properties ?? {}));
  if (close !== undefined) return `${message}; did you mean "${close}"?`;
  const homes = homesOf(root, key, []);
  if (homes.length === 0) return message;
  const nearby = homes.length > 3 ? 'deeper; is its line indented correctly?' : `in ${homes.join(' or ')}`;
  return `${message}; it belongs ${nearby}`;
}

function shapeAt(root: Shape, path: Path): Shape | undefined {
  let shape: Shape | undefined = root;
  for (const step of path) {
    const others: Shape | undefined = shape?.additionalProperties || undefined;
    shape = typeof step === 'number' ? shape?.items : (shape?.properties?.[step] ?? others);
  }
  return shape;
}

/** Where a key of this name is known: `spec.networking`, `spec.hosts[]`. */
function homesOf(shape: Shape, key: string, path: readonly string[]): string[] {
  const found = Object.hasOwn(shape.properties ?? {}, key) ? [path.join('.') || 'the top level'] : [];
  const inner = Object.entries(shape.properties ?? {}).flatMap(([name, child]) =>
    homesOf(child.items ?? child, key, [...path, child.items === undefined ? name : `${name}[]`]),
  );
  return [...found, ...inner];
}
