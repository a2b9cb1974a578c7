import { shown } from '../explain.ts';
import { describePath, error, type Path, type Problem } from '../position.ts';
import { nearest } from '../nearest.ts';
import type { ComponentCatalog, FieldFacts } from './facts.ts';
import { gateProblems } from './gates.ts';
import { choiceProblem, valueProblem } from './values.ts';
import { hintFor, whyNotIn } from './versions.ts';
import { isRecord } from '../../model/record.ts';

interface Context {
  readonly catalog: ComponentCatalog;
  readonly minor: number;
  readonly isIgnored: boolean;
  /** Name of the configuration's type. */
  readonly kind: string;
}

/** What is wrong with a component's configuration of type `kind`, stated at `path`. null removes a field, so it always fits. */
export function configProblems(
  config: Readonly<Record<string, unknown>>,
  path: Path,
  context: Context,
): Problem[] {
  return structProblems(config, context.kind, path, context);
}

function structProblems(value: object, type: string, path: Path, context: Context): Problem[] {
  const fields = context.catalog.types().types[type] ?? {};
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]): Problem[] => {
    const at = [...path, key];
    const stated = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (stated === undefined) return [{ ...error(at, unknownField(key, type, path, context)), at: 'key' }];
    const facts = typeof stated === 'string' ? { type: stated } : stated;
    const gone = whyNotIn(context.minor, facts);
    if (gone !== undefined) return [{ ...error(at, `${describePath(at)} ${gone}`), at: 'key' }];
    return problemsOf(inner, facts, at, context);
  });
}

function problemsOf(value: unknown, facts: FieldFacts, path: Path, context: Context): Problem[] {
  const { type } = facts;
  if (value === null || value === undefined) return [];
  if (type === 'gates') return mapProblems(value, path, (key, inner, at) => gate(key, inner, at, context));
  if (type.startsWith('map[string]')) {
    const item = { type: type.slice('map[string]'.length) };
    return mapProblems(value, path, (key, inner, at) => [
      ...keyProblems(key, facts.keys, at),
      ...problemsOf(inner, item, at, context),
    ]);
  }
  if (type.startsWith('[]')) {
    if (!Array.isArray(value))
      return [error(path, `${describePath(path)} must be a list, not ${shown(value)}`)];
    const item = { ...facts, type: type.slice(2) };
    return value.flatMap((inner: unknown, index) => problemsOf(inner, item, [...path, index], context));
  }
  if (Object.hasOwn(context.catalog.types().types, type)) {
    if (!isMapping(value)) return [error(path, notAMapping(value, path))];
    return structProblems(value, type, path, context);
  }
  const problem = valueProblem(value, facts);
  return problem === undefined ? [] : [error(path, `${describePath(path)} ${problem}`)];
}

function mapProblems(
  value: unknown,
  path: Path,
  check: (key: string, value: unknown, path: Path) => Problem[],
): Problem[] {
  if (!isMapping(value)) return [error(path, notAMapping(value, path))];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    check(key, inner, [...path, key]),
  );
}

function keyProblems(key: string, keys: readonly string[] | undefined, path: Path): Problem[] {
  const problem = choiceProblem(key, keys);
  if (problem === undefined) return [];
  const where = describePath(path.slice(0, -1));
  return [{ ...error(path, `a key in ${where} ${problem}`), at: 'key' }];
}

function gate(name: string, value: unknown, path: Path, { catalog, ...context }: Context): Problem[] {
  if (value === null) return [];
  const problem = valueProblem(value, { type: 'bool' });
  const isOn = typeof value === 'boolean' ? value : undefined;
  return [
    ...gateProblems(name, isOn, { ...context, path, gates: catalog.gates() }),
    ...(problem === undefined ? [] : [error(path, `${describePath(path)} ${problem}`)]),
  ];
}

function unknownField(key: string, type: string, path: Path, context: Context): string {
  const { catalog, minor, kind, isIgnored } = context;
  const { types } = catalog.types();
  const message = `unknown field "${key}" in ${describePath(path)} (${type} of Kubernetes v1.${minor})`;
  const known = fieldsIn(types[type], minor);
  if (nearest(key, known) !== undefined) return message + hintFor(key, known, isIgnored);
  const homes = homesOf(key, kind, '', types);
  if (homes.length > 0 && homes.length <= 2) return `${message}; it belongs in ${homes.join(' or ')}`;
  return message + hintFor(key, known, isIgnored);
}

function fieldsIn(type: Readonly<Record<string, string | FieldFacts>> = {}, minor: number): string[] {
  return Object.entries(type).flatMap(([name, facts]) =>
    typeof facts === 'string' || whyNotIn(minor, facts) === undefined ? [name] : [],
  );
}

/** Where a configuration has a field of this name: `authentication.webhook`, or its type at the top level. */
function homesOf(
  key: string,
  type: string,
  path: string,
  types: Readonly<Record<string, Readonly<Record<string, string | FieldFacts>>>>,
): string[] {
  const fields = types[type] ?? {};
  const inner = Object.entries(fields).flatMap(([name, facts]) => {
    const itemType = typeof facts === 'string' ? facts : facts.type;
    return Object.hasOwn(types, itemType)
      ? homesOf(key, itemType, path === '' ? name : `${path}.${name}`, types)
      : [];
  });
  return [...(Object.hasOwn(fields, key) ? [path === '' ? type : path] : []), ...inner];
}

function notAMapping(value: unknown, path: Path): string {
  return `${describePath(path)} must be a mapping, not ${shown(value)}`;
}

function isMapping(value: unknown): value is object {
  return isRecord(value);
}
