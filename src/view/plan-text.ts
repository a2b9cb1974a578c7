import pc from 'picocolors';
import { plural } from '../model/plural.ts';
import { changesAnything, gatesOf, hostOf, isSerial, stepsOf } from '../plan/steps.ts';
import { targetText, targetWords } from '../plan/target.ts';
import type { Gate, Phase, Plan, Step } from '../plan/types.ts';
import { collapseLines, single, type Line } from './collapse-lines.ts';
import {
  collapseInOrder,
  isPki,
  kindredKey,
  ownNameOut,
  pkiShownSingly,
  stepKey,
  type Collapsed,
} from './collapse.ts';
import { namesOf } from './host-list.ts';
import { inventoryChangesText } from './inventory-changes.ts';
import { placedSteps, type PlacedStep } from './placed.ts';
import {
  disruption,
  fromText,
  offlineNote,
  placesOf,
  roleCounts,
  spreadText,
  verbCounts,
  versionText,
} from './plan-facts.ts';
import { view } from './printable.ts';

export interface PlanTextOptions {
  readonly verbose: boolean;
  /** The command to continue with, `kboot up inventory.yaml`; absent if a question follows. */
  readonly command?: string;
  /** That command would refuse the plan, because of preflight findings. */
  readonly refused?: boolean;
}

const signs: Readonly<Record<Step['verb'] | 'wait', string>> = {
  create: pc.green('+'),
  update: pc.yellow('~'),
  restart: pc.yellow('!'),
  delete: pc.red('-'),
  run: pc.yellow('$'),
  wait: pc.dim('…'),
};

/** The plan for people: phase by phase, equal steps of several hosts in one line, diffs below. */
export const planText = view(composePlanText);

function composePlanText(plan: Plan, options: PlanTextOptions): string {
  if (plan.hosts.length > 0 && plan.hosts.every((host) => host.state === 'unreachable'))
    return `${plan.cluster}: no plan, because no host could be read`;
  const out: string[] = [title(plan), ''];
  out.push(...inventoryChangesText(plan));
  for (const phase of plan.phases) out.push(...phaseLines(phase, options), '');
  for (const warning of plan.warnings) out.push(`${pc.yellow('warning')} ${warning}`);
  out.push(...summary(plan, options));
  return out.join('\n');
}

/** The summary of a plan that was already shown. */
export const planSummary = view(composePlanSummary);

function composePlanSummary(plan: Plan, options: PlanTextOptions): string {
  return [title(plan), ...summary(plan, options)].join('\n');
}

/** `lab · Kubernetes v1.36.2 · 1 control plane, 2 workers · API https://10.77.0.11:6443` */
export function title(plan: Plan): string {
  return `${pc.bold(plan.cluster)} · ${versionText(plan)} · ${roleCounts(plan).join(', ')}${fromText(plan)} · API ${plan.endpoint}`;
}

/** One phase: its hosts, then its steps on hosts, then those elsewhere and its gates, batch by batch. */
function phaseLines(phase: Phase, options: PlanTextOptions): string[] {
  const steps = placedSteps(phase);
  const hosts = [...new Set(steps.flatMap(({ on }) => hostOf(on) ?? []))];
  const elsewhere = [
    ...(steps.some(({ on }) => on === 'operator') ? ['this machine'] : []),
    ...(hosts.length === 0 && steps.every(({ on }) => on === 'cluster') ? ['through the API'] : []),
  ];
  const serial = isSerial(phase) && hosts.length > 1;
  return [
    `${pc.bold(phase.title.padEnd(15))} ${pc.cyan([namesOf(hosts), ...elsewhere].filter((word) => word !== '').join(', '))}${
      serial ? pc.dim('  one host after another: each starts when the previous one is healthy again') : ''
    }`,
    ...hostLines(
      steps.filter(({ on }) => hostOf(on) !== undefined),
      hosts,
      options,
    ),
    ...phase.batches.flatMap(({ tasks, gates }) => {
      const own = tasks.flatMap((task) => (typeof task.on === 'string' ? task.steps : []));
      // Gates between hosts are not shown: the heading implies them.
      const shown = serial && !options.verbose ? [] : gates;
      return elsewhereLines([...own, ...shown], options);
    }),
    ...rollbackLines(phase),
  ];
}

function hostLines(
  steps: readonly PlacedStep[],
  hosts: readonly string[],
  options: PlanTextOptions,
): string[] {
  const lines = collapseInOrder(steps, options.verbose ? stepKey : kindredKey);
  const pki = lines.filter(({ item }) => isPki(item.step));
  if (options.verbose || pki.length <= pkiShownSingly)
    return lines.flatMap((line) => lineText(line, hosts, options));
  const count = pki.reduce((sum, { items }) => sum + items.length, 0);
  return lines.flatMap((line) => {
    if (!isPki(line.item.step)) return lineText(line, hosts, options);
    if (line !== pki[0]) return [];
    return [
      `  ${signs[line.item.step.verb]} ${pad('file')} ${count} certificates, keys and kubeconfigs under /etc/kubernetes ${pc.dim('(by name: --verbose)')}`,
    ];
  });
}

function elsewhereLines(items: readonly (Step | Gate)[], options: PlanTextOptions): string[] {
  const lines = options.verbose ? items.map(single) : collapseLines(items);
  return lines.flatMap((line) => elsewhereLine(line, options));
}

function elsewhereLine({ item, summary: words }: Line, options: PlanTextOptions): string[] {
  if (item.type === 'wait')
    return [`  ${signs.wait} ${pad('wait')} ${words}${pc.dim(`  ${item.timeoutSeconds} s at most`)}`];
  const reason = item.reason === '' ? '' : pc.dim(`  ${item.reason}`);
  switch (item.type) {
    case 'issue':
      return [
        `  ${signs[item.verb]} ${pad('pki')} ${issuedWords(item.certificates)}, ${item.reason}`,
        ...(options.verbose ? item.certificates.map((name) => `      ${name}`) : []),
      ];
    case 'hook':
      return [
        `  ${signs[item.verb]} ${pad('hook')} ${targetWords(item.target).name}${reason}`,
        ...commandLines(item.command),
        ...unlessLines(item.unless),
      ];
    case 'etcd':
      return [`  ${signs[item.verb]} ${pad('etcd')} ${words}${reason}`];
    case 'apply':
      return [
        `  ${signs[item.verb]} ${pad('object')} ${words}${reason}`,
        ...(item.diff === undefined ? [] : diffLines(item.diff)),
      ];
    case 'delete':
    case 'node':
    case 'rewrite':
    case 'accounts':
    case 'patch':
    case 'shell':
      return [`  ${signs[item.verb]} ${pad('object')} ${words}${reason}`];
  }
}

/** `18 certificates and keys` */
function issuedWords(names: readonly string[]): string {
  const keys = names.filter((name) => name.startsWith('encryption/'));
  return keys.length === names.length
    ? `${plural(keys.length, 'key')} for encryption in etcd`
    : `${names.length} certificates and keys`;
}

/** Steps that are carried out only if their task fails; those of several hosts that differ only by its name once. */
function rollbackLines({ batches }: Phase): string[] {
  const groups = new Map<string, string[]>();
  for (const { on, rollback = [] } of batches.flatMap(({ tasks }) => tasks))
    for (const { verb, target, reason } of rollback) {
      const line = `  ${signs[verb]} ${pad('rollback')} ${targetText(target)}${pc.dim(`  ${reason}`)}`;
      const shared = ownNameOut(line, hostOf(on) ?? '');
      groups.set(shared, [...(groups.get(shared) ?? []), line]);
    }
  return [...groups].map(([shared, lines]) => (lines.length === 1 ? (lines[0] ?? shared) : shared));
}

/** The operator's own command, as in the inventory. */
function commandLines(command: string): string[] {
  return command.split('\n').map((line) => pc.dim(`      $ ${line}`));
}

/** The operator's own command that is asked first. */
function unlessLines(command: string | undefined): string[] {
  if (command === undefined) return [];
  return command
    .split('\n')
    .map((line, index) => pc.dim(`      ${index === 0 ? 'unless' : '      '} $ ${line}`));
}

function lineText(
  { item: { step }, items }: Collapsed<PlacedStep>,
  phaseHosts: readonly string[],
  options: PlanTextOptions,
): string[] {
  const hosts = items.flatMap(({ on }) => hostOf(on) ?? []);
  const name = shownOf(items, (each) => targetWords(each.target).name);
  const reason = shownOf(items, (each) => each.reason);
  const whose = hosts.length === phaseHosts.length ? '' : pc.cyan(`  [${namesOf(hosts)}]`);
  // A reason that begins with the name does not need it again.
  const head = name === '' || reason.startsWith(name) ? '' : `${name}  `;
  const text = `  ${signs[step.verb]} ${pad(targetWords(step.target).kind)} ${head}${pc.dim(reason)}${whose}`;
  if (step.type !== 'shell') return [text];
  const diff = step.diff === undefined ? [] : diffLines(step.diff);
  if (options.verbose) return [text, ...diff, ...commandLines(step.script)];
  return [
    ...[text, ...diff],
    ...(step.command === undefined ? [] : commandLines(step.command)),
    ...unlessLines(step.unless),
  ];
}

/** A text that all of them share, possibly except for their host's name. */
function shownOf(items: Collapsed<PlacedStep>['items'], text: (step: Step) => string): string {
  const [{ step, on }] = items;
  const first = text(step);
  return items.every((each) => text(each.step) === first) ? first : ownNameOut(first, hostOf(on) ?? '');
}

function diffLines(diff: string): string[] {
  return diff.split('\n').map((line) => {
    const colour = line.startsWith('+') ? pc.green : line.startsWith('-') ? pc.red : pc.dim;
    return `      ${colour(line)}`;
  });
}

const pad = (word: string): string => word.padEnd(11);

function summary(plan: Plan, options: PlanTextOptions): string[] {
  const steps = stepsOf(plan);
  const gates = gatesOf(plan).length;
  const unreachable = plan.hosts.filter((host) => host.state === 'unreachable').map((host) => host.name);
  const missing =
    unreachable.length === 0
      ? []
      : [pc.red(`Not in this plan, because they could not be read: ${unreachable.join(', ')}.`)];
  if (unreachable.length === plan.hosts.length) return missing;
  if (!changesAnything(plan) && gates === 0)
    return [
      ...missing,
      `${plan.cluster}: nothing to do (${plural(plan.hosts.length - unreachable.length, 'host')}, ${plural(plan.checked, 'resource')} checked)`,
    ];
  const counts = [
    ...verbCounts(steps).map(([verb, count]) => `${count} to ${verb}`),
    ...(gates === 0 ? [] : [`${gates} to wait for`]),
  ];
  const files = spreadText(plan);
  return [
    ...missing,
    ...(files === undefined ? [] : [`${pc.bold('Files:')} ${files}.`]),
    `${pc.bold('Plan:')} ${plural(steps.length, 'step')}${placesOf(plan)} (${counts.join(', ')}). ${disruption(plan)}`,
    plan.mode === 'offline'
      ? offlineNote
      : options.command === undefined
        ? 'Nothing has been changed yet.'
        : options.refused === true
          ? 'Nothing has been changed. `kboot up` refuses this until the findings marked ✗ above are fixed.'
          : `Nothing has been changed. \`${options.command}\` applies this plan.`,
  ];
}
