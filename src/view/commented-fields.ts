import { Document, isMap, isScalar, isSeq } from 'yaml';
import type { InventoryField } from '../inventory/field.ts';
import type { Json } from '../model/cluster.ts';

/**
 * Fields as commented YAML, in their order: what each is from stands above its key. `header`: the first lines, without
 * their `#`. Does not validate it.
 */
export function commentedFields(fields: readonly InventoryField[], header: readonly string[]): string {
  const document = new Document({});
  document.commentBefore = header.map((each) => ` ${each}`).join('\n');
  for (const { path, value } of fields) {
    for (let length = 1; length < path.length; length++)
      if (!document.hasIn(path.slice(0, length)))
        document.setIn(
          path.slice(0, length),
          document.createNode(typeof path[length] === 'number' ? [] : {}),
        );
    document.setIn(path, document.createNode(literal(value)));
  }
  for (const { path } of fields) if (path[1] === 'hosts' && path.length === 3) compactRoles(document, path);
  for (const { path, why } of fields) if (why !== undefined) remark(document, path, why);
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

/** `roles: [control-plane]` in one line. */
function compactRoles(document: Document, path: InventoryField['path']): void {
  const roles = document.getIn([...path, 'roles'], true);
  if (isSeq(roles)) roles.flow = true;
}

/** Puts a comment above the key of a field. */
function remark(document: Document, path: InventoryField['path'], why: string): void {
  const parent = document.getIn(path.slice(0, -1), true);
  if (isMap(parent)) {
    const pair = parent.items.find(({ key }) => (isScalar(key) ? key.value : key) === path.at(-1));
    if (pair === undefined) return;
    const key = document.createNode(path.at(-1));
    key.commentBefore = ` ${asComment(why)}`;
    pair.key = key;
  } else if (isSeq(parent)) parent.commentBefore = ` ${asComment(why)}`;
}

/** Text from elsewhere must not end the comment. */
export function asComment(text: string): string {
  return text.replace(/[^ -~]+/g, '?');
}

/** `$` starts a substitution in inventories. */
function literal(value: Json): Json {
  if (typeof value === 'string') return value.replaceAll('${', () => '$${');
  if (Array.isArray(value)) return (value as readonly Json[]).map(literal);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, literal(child)]));
}
