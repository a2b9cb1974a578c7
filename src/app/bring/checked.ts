import type { ForeignField } from '../../foreign/types.ts';
import type { InventoryField } from '../../inventory/field.ts';
import type { Cluster } from '../../model/cluster.ts';
import { KbootError } from '../../model/error.ts';
import { commentedFields } from '../../view/commented-fields.ts';
import { parseNew, type NewlyParsed } from '../parse-new.ts';
import { numbered, type RefusedField } from './fields.ts';
import { remedies } from '../remedies.ts';

/** A brought inventory that is valid. */
export interface CheckedFields {
  readonly cluster: Cluster;
  readonly fields: readonly InventoryField[];
  /** Fields that would not be valid, and what `kboot validate` would say about them. */
  readonly refused: readonly RefusedField[];
  readonly warnings: readonly string[];
}

/**
 * The core with as many of the other fields as make a valid inventory, parsed as every command will parse it. Throws
 * KbootError E-USAGE with every problem of the core.
 */
export function checkedFields(
  core: readonly InventoryField[],
  others: readonly ForeignField[],
  file: string,
): CheckedFields {
  const parse = (kept: readonly ForeignField[]): NewlyParsed =>
    parseNew(commentedFields(inOrder(core, kept), []), file);
  const base = parse([]);
  if (base.cluster === undefined)
    throw new KbootError(
      'E-USAGE',
      'What was brought does not make a valid inventory; nothing was written.',
      {
        detail: base.errors.join('\n'),
        remedy: remedies.correctBrought,
      },
    );
  const refused: RefusedField[] = [];
  const keep = (kept: readonly ForeignField[], more: readonly Atom[]): readonly ForeignField[] => {
    const [first] = more;
    if (first === undefined) return kept;
    const { cluster, errors } = parse([...kept, ...more.flat()]);
    if (cluster !== undefined) return [...kept, ...more.flat()];
    if (more.length === 1) {
      if (first.length > 1)
        return keep(
          kept,
          first.map((field) => [field]),
        );
      refused.push(...first.map((field) => ({ field, why: errors[0] ?? 'it would not be valid' })));
      return kept;
    }
    const half = more.length >> 1;
    return keep(keep(kept, more.slice(0, half)), more.slice(half));
  };
  const kept = keep([], atoms(others));
  const { cluster, warnings } = parse(kept);
  return { cluster: cluster ?? base.cluster, fields: inOrder(core, kept), refused, warnings };
}

/** Fields that may be valid only together. */
type Atom = readonly ForeignField[];

/**
 * The networks, and what each node gets of them, belong together; every other field is by itself. First come those that others
 * are refused without: whether something is installed, before its settings; volumes, before flags with paths in them.
 */
function atoms(fields: readonly ForeignField[]): readonly Atom[] {
  const isNetwork = ({ path, value }: ForeignField): boolean =>
    path[1] === 'networking' || JSON.stringify(value).includes('"node-cidr-mask-size');
  const isFirst = ({ path }: ForeignField): boolean =>
    path.at(-1) === 'enabled' || path.includes('extraVolumes');
  const networks = fields.filter(isNetwork);
  const others = fields.filter((field) => !isNetwork(field));
  return [
    ...(networks.length === 0 ? [] : [networks]),
    ...[...others.filter(isFirst), ...others.filter((field) => !isFirst(field))].map((field) => [field]),
  ];
}

/** The cluster first, then the login, then the hosts. */
function inOrder(
  core: readonly InventoryField[],
  others: readonly ForeignField[],
): readonly InventoryField[] {
  const all = [...core, ...numbered(others)];
  const rank = ({ path: [, field] }: InventoryField): number =>
    field === 'hosts' ? 2 : field === 'ssh' ? 1 : 0;
  return [0, 1, 2].flatMap((each) => all.filter((field) => rank(field) === each));
}
