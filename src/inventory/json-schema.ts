import * as z from 'zod';
import { impactText, isImpact, type FieldImpact } from '../model/impact.ts';
import { impacts } from './impact.ts';
import { inventorySchema } from './schema.ts';

/** The parts of a JSON Schema that fields are found by. */
interface Node {
  description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  required?: readonly string[];
  oneOf?: readonly { readonly required: readonly string[] }[];
}

/**
 * The JSON Schema (draft 2020-12) of an inventory, for editors. The description of each field ends with what changing
 * it does to a running cluster.
 */
export function inventoryJsonSchema(): object {
  const schema = z.toJSONSchema(inventorySchema, { target: 'draft-2020-12', io: 'input' });
  describe(schema as Node, impacts);
  eitherHosts((schema as Node).properties?.['spec']);
  return schema;
}

/** An inventory is checked once the hosts of spec.hostsFrom are in it; an editor sees one of the two fields. */
function eitherHosts(spec: Node | undefined): void {
  if (spec === undefined) return;
  spec.required = spec.required?.filter((name) => name !== 'hosts') ?? [];
  spec.oneOf = [{ required: ['hosts'] }, { required: ['hostsFrom'] }];
  const source = spec.properties?.['hostsFrom'];
  if (source !== undefined) source.oneOf = [{ required: ['file'] }, { required: ['command'] }];
}

/** What changing the field at a path does to a running cluster; undefined if it is an object of fields. Indexes do not count. */
export function impactOf(path: readonly (string | number)[]): FieldImpact | undefined {
  let tree: unknown = impacts;
  for (const key of path) {
    if (isImpact(tree)) return tree;
    if (typeof key === 'string') tree = (tree as Readonly<Record<string, unknown>> | undefined)?.[key];
  }
  return isImpact(tree) ? tree : undefined;
}

let documented: Node | undefined;

/** The default of the field at a path, as its documentation states it; undefined without one. */
export function defaultAt(path: readonly string[]): unknown {
  let node: Node | undefined = (documented ??= inventoryJsonSchema() as Node);
  for (const key of path) node = (node?.items ?? node)?.properties?.[key];
  return node?.default;
}

function describe(node: Node, tree: unknown): void {
  if (isImpact(tree)) {
    node.description = `${node.description ?? ''} If changed: ${impactText(tree)}.`.trim();
    return;
  }
  const object = node.items ?? node;
  for (const [key, child] of Object.entries(object.properties ?? {}))
    describe(child, (tree as Readonly<Record<string, unknown>> | undefined)?.[key]);
}
