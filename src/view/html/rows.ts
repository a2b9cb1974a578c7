import { addressesOf, type Cluster } from '../../model/cluster.ts';
import { stages, type Stage } from '../../model/stage.ts';
import type { OnHostStep, OperatorStep, Plan, Step } from '../../plan/types.ts';
import { byStage, foldBy, foldInOrder, isPki, pkiShownSingly, subjectOf, type Fold } from '../fold.ts';
import { blocksOf, type Block } from './blocks.ts';
import { formsOf, type Forms } from './forms.ts';

/** Stands in a row for the name of each of its hosts. */
export const hostMark = '‹host›';

/** What a reader opens: steps that are alike, on one or many hosts. */
export interface Row {
  readonly id: string;
  readonly verb: Step['verb'];
  /** `file`, `ConfigMap`; the first word of the resource. */
  readonly kind: string;
  readonly name: string;
  readonly reason: string;
  /** Hosts or nodes it is about, in the plan's order; none: the whole cluster. */
  readonly hosts: readonly string[];
  readonly steps: readonly Step[];
  readonly blocks: readonly (Omit<Block, 'text'> & { readonly forms: Forms })[];
  /** Rows that were put into this one. */
  readonly parts: readonly Row[];
}

/** What happens on one side in one stage. */
export interface Section {
  readonly side: 'operator' | 'members' | 'hosts' | 'turns' | 'cluster';
  /** undefined: before the first stage. */
  readonly stage: Stage | undefined;
  readonly rows: readonly Row[];
}

/**
 * The plan in the order in which it happens, steps that are alike in one row: equal ones, as in the text view,
 * and those that differ only in the name or the address of their own host. Files of the PKI share a row where
 * there are many.
 */
export function sectionsOf(plan: Plan, cluster?: Cluster): readonly Section[] {
  const own = new OwnWords(cluster);
  let next = 1;
  const id = (): string => `s${next++}`;
  const rowsOf = (steps: readonly Step[]): Row[] =>
    foldBy(steps, (step) => own.key(step)).map((fold) => rowOf(fold, own, id()));
  const hostRows = (steps: readonly OnHostStep[]): Row[] =>
    foldInOrder(steps, (step) => own.key(step)).map((fold) => rowOf(fold, own, id()));
  const hostStages = byStage(plan.hostSteps);
  const turnStages = byStage(plan.roll.flatMap(({ waits }) => waits));
  const clusterStages = byStage(plan.clusterSteps);
  const operatorSteps = (when: 'before' | 'after'): readonly OperatorStep[] =>
    plan.operatorSteps.filter((step) => step.when === when);
  const sections: Section[] = [
    { side: 'operator', stage: undefined, rows: plan.issue.length > 0 ? [issueRow(plan, id())] : [] },
    { side: 'operator', stage: undefined, rows: rowsOf(operatorSteps('before')) },
    { side: 'members', stage: undefined, rows: rowsOf(plan.membership) },
    ...stages.flatMap((stage): Section[] => [
      { side: 'hosts', stage, rows: withPkiFolded(hostRows(hostStages.get(stage) ?? []), id) },
      { side: 'turns', stage, rows: rowsOf(turnStages.get(stage) ?? []) },
      { side: 'cluster', stage, rows: rowsOf(clusterStages.get(stage) ?? []) },
      {
        side: 'operator',
        stage,
        rows: rowsOf(operatorSteps('after').filter((step) => step.stage === stage)),
      },
    ]),
  ];
  return sections.filter(({ rows }) => rows.length > 0);
}

/** Takes what is a host's own out of texts, so that equal work reads equal. */
class OwnWords {
  readonly #addresses: ReadonlyMap<string, readonly string[]>;
  readonly #patterns = new Map<string, RegExp>();

  constructor(cluster: Cluster | undefined) {
    this.#addresses = new Map((cluster?.hosts ?? []).map((host) => [host.name, addressesOf(host)]));
  }

  /** Equal for steps that share a row. */
  key(step: Step): string {
    const subject = subjectOf(step);
    if (subject === undefined) return step.id;
    const { type, verb, resource, reason } = step;
    const diff = step.type === 'host' ? (step.diff ?? '') : '';
    return JSON.stringify([
      type,
      verb,
      this.named(resource, subject),
      this.named(reason, subject),
      this.#addressed(this.named(diff, subject), subject),
    ]);
  }

  /** The text with the mark for its host's name. */
  named(text: string, host: string): string {
    if (host === '' || !text.includes(host)) return text;
    let pattern = this.#patterns.get(host);
    if (pattern === undefined) {
      pattern = new RegExp(`(?<![A-Za-z0-9])${literal(host)}(?![A-Za-z0-9]|[.-][A-Za-z0-9])`, 'g');
      this.#patterns.set(host, pattern);
    }
    return text.replace(pattern, hostMark);
  }

  #addressed(text: string, host: string): string {
    let result = text;
    for (const address of this.#addresses.get(host) ?? []) result = result.replaceAll(address, '‹address›');
    return result;
  }
}

/** The text as a pattern that matches just it. */
const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function rowOf({ step, steps }: Fold<Step>, own: OwnWords, id: string): Row {
  const hosts = [...new Set(steps.flatMap((each) => subjectOf(each) ?? []))];
  const many = steps.length > 1;
  const text = (of: string): string => (many ? own.named(of, hosts[0] ?? '') : of);
  const [first = '', ...rest] = text(step.resource).split(' ');
  const kind = step.type === 'wait' ? 'wait' : first;
  const name = step.type === 'wait' ? text(step.resource) : rest.join(' ');
  const all = steps.map((each) => ({ host: subjectOf(each) ?? '', blocks: blocksOf(each) }));
  const blocks = (all[0]?.blocks ?? []).map(({ kind: blockKind, title }, index) => ({
    kind: blockKind,
    title,
    forms: formsOf(all.map(({ host, blocks: its }) => ({ host, text: its[index]?.text ?? '' }))),
  }));
  return { id, verb: step.verb, kind, name, reason: text(step.reason), hosts, steps, blocks, parts: [] };
}

/** What is issued on the operator's machine: no step, but the first thing that happens. */
function issueRow({ issue }: Plan, id: string): Row {
  const names = { kind: 'text' as const, title: 'By name', forms: { lines: issue, others: [] } };
  return {
    id,
    verb: 'create',
    kind: 'pki',
    name: `${issue.length} certificates and keys`,
    reason: 'issued into the state folder, never shown',
    hosts: [],
    steps: [],
    blocks: [names],
    parts: [],
  };
}

function withPkiFolded(rows: readonly Row[], id: () => string): readonly Row[] {
  const isFile = (row: Row): boolean => row.steps.every(isPki);
  const parts = rows.filter(isFile);
  if (parts.length <= pkiShownSingly) return rows;
  const verbs = new Set(parts.map(({ verb }) => verb));
  const steps = parts.flatMap((part) => part.steps);
  const folded: Row = {
    id: id(),
    verb: verbs.size === 1 ? (parts[0]?.verb ?? 'create') : 'update',
    kind: 'file',
    name: `${steps.length} certificates, keys and kubeconfigs`,
    reason: 'under /etc/kubernetes, by name and digest',
    hosts: [...new Set(parts.flatMap((part) => part.hosts))],
    steps,
    blocks: [],
    parts,
  };
  return rows.flatMap((row) => (row === parts[0] ? [folded] : isFile(row) ? [] : [row]));
}
