import { counted } from '../model/counted.ts';
import pc from 'picocolors';
import { stages, type Stage } from '../model/stage.ts';
import {
  isChange,
  stepsOf,
  type ClusterStep,
  type OnHostStep,
  type OperatorStep,
  type Plan,
  type Step,
} from '../plan/types.ts';
import { crowds } from './crowd.ts';
import {
  byStage,
  foldInOrder,
  isPki,
  kindredKey,
  ownNameOut,
  pkiShownSingly,
  stepKey,
  type Fold,
} from './fold.ts';
import { hostList } from './host-list.ts';
import { disruption, offlineNote, placesOf, roleCounts, verbCounts } from './plan-facts.ts';

export interface PlanTextOptions {
  readonly verbose: boolean;
  /** How to go on, `kboot up inventory.yaml`; absent where the question follows at once. */
  readonly command?: string;
  /** That command would refuse it, for what preflight found. */
  readonly refused?: boolean;
}

const signs: Readonly<Record<Step['verb'], string>> = {
  create: pc.green('+'),
  update: pc.yellow('~'),
  restart: pc.yellow('!'),
  delete: pc.red('-'),
  run: pc.yellow('$'),
  wait: pc.dim('…'),
};

/** The plan as people read it: by stage, equal steps of several hosts in one line, diffs below. */
export function planText(plan: Plan, options: PlanTextOptions): string {
  if (plan.hosts.length > 0 && plan.hosts.every((host) => host.state === 'unreachable'))
    return `${plan.cluster}: no plan, since no host could be read`;
  const out: string[] = [title(plan), ''];
  if (plan.issue.length > 0) out.push(...issueLines(plan, options), '');
  const first = plan.operatorSteps.filter((step) => step.when === 'before');
  if (first.length > 0) out.push(...operatorLines('first of all', first), '');
  if (plan.membership.length > 0) out.push(...membershipLines(plan, options), '');
  const hostSteps = byStage(plan.hostSteps);
  const clusterSteps = byStage(plan.clusterSteps);
  for (const stage of stages) {
    const lines = linesOf(stage, hostSteps.get(stage) ?? [], clusterSteps.get(stage) ?? [], options);
    const after = plan.operatorSteps.filter((step) => step.when === 'after' && step.stage === stage);
    if (after.length > 0) lines.push(...operatorLines(stage, after));
    if (lines.length > 0) out.push(...lines, '');
  }
  if (plan.roll.length > 0) out.push(...rollLines(plan, options), '');
  for (const warning of plan.warnings) out.push(`${pc.yellow('warning')} ${warning}`);
  out.push(...summary(plan, options));
  return out.join('\n');
}

/** What a plan comes to, for one that was read before. */
export function planSummary(plan: Plan, options: PlanTextOptions): string {
  return [title(plan), ...summary(plan, options)].join('\n');
}

/** `lab · Kubernetes v1.36.2 · 1 control plane, 2 workers · API https://10.77.0.11:6443` */
export function title(plan: Plan): string {
  return `${pc.bold(plan.cluster)} · Kubernetes ${plan.kubernetesVersion} · ${roleCounts(plan).join(', ')} · API ${plan.endpoint}`;
}

function issueLines(plan: Plan, options: PlanTextOptions): string[] {
  const certificates = plan.issue;
  return [
    stageTitle('state folder', ['this machine']),
    `  ${signs.create} ${pad('pki')} ${certificates.length} certificates and keys, issued here, never shown`,
    ...(options.verbose ? certificates.map((name) => `      ${name}`) : []),
  ];
}

function operatorLines(stage: string, steps: readonly OperatorStep[]): string[] {
  return [
    stageTitle(stage, ['this machine']),
    ...steps.flatMap(({ verb, resource, reason, command }) => [
      `  ${signs[verb]} ${pad('hook')} ${resource.replace(/^hook /, '')}  ${pc.dim(reason)}`,
      ...commandLines(command),
    ]),
  ];
}

/** The operator's own words, as they stand in the inventory. */
function commandLines(command: string): string[] {
  return command.split('\n').map((line) => pc.dim(`      $ ${line}`));
}

function membershipLines({ membership }: Plan, options: PlanTextOptions): string[] {
  return [
    stageTitle('members', ['first of all']),
    ...membership.flatMap((step) =>
      step.type === 'host'
        ? lineText({ step, steps: [step] }, [], options)
        : [
            `  ${signs[step.verb]} ${pad(step.type === 'etcd' ? 'etcd' : 'object')} ${step.resource}  ${pc.dim(step.reason)}`,
          ],
    ),
  ];
}

/** Who takes turns; what each host is waited for stands there when asked. */
function rollLines({ roll }: Plan, options: PlanTextOptions): string[] {
  const hosts = roll.map((turn) => turn.host).join(', ');
  return [
    `${pc.bold('one host after another:')} ${pc.cyan(hosts)}  ${pc.dim('each begins when the one before it is healthy again')}`,
    ...(options.verbose
      ? roll.map(
          ({ host, from, waits }) =>
            `  ${host}  from stage ${from} on, until well: ${waits.map((step) => step.resource).join(', ')}`,
        )
      : []),
  ];
}

function linesOf(
  stage: Stage,
  hostSteps: readonly OnHostStep[],
  clusterSteps: readonly ClusterStep[],
  options: PlanTextOptions,
): string[] {
  const stageHosts = [...new Set(hostSteps.map((step) => step.host))];
  const out: string[] = [];
  if (hostSteps.length > 0) {
    out.push(stageTitle(stage, stageHosts));
    const lines = foldInOrder(hostSteps, options.verbose ? stepKey : kindredKey);
    const pki = lines.filter(({ step }) => isPki(step));
    for (const line of lines) {
      if (!options.verbose && pki.length > pkiShownSingly && isPki(line.step)) {
        if (line === pki[0])
          out.push(
            `  ${signs[line.step.verb]} ${pad('file')} ${countSteps(pki)} certificates, keys and kubeconfigs under /etc/kubernetes ${pc.dim('(by name: --verbose)')}`,
          );
        continue;
      }
      out.push(...lineText(line, stageHosts, options));
    }
  }
  if (clusterSteps.length > 0) {
    out.push(stageTitle(stage, ['through the API']));
    const folded = options.verbose
      ? clusterSteps.map((step) => ({ step, summary: undefined }))
      : crowds(clusterSteps);
    for (const { step, summary: alike } of folded)
      out.push(
        `  ${signs[step.verb]} ${pad(step.type === 'wait' ? 'wait' : 'object')} ${alike ?? step.resource}${step.reason === '' ? '' : pc.dim(`  ${step.reason}`)}`,
      );
  }
  return out;
}

function lineText(
  { step, steps }: Fold<OnHostStep>,
  stageHosts: readonly string[],
  options: PlanTextOptions,
): string[] {
  const hosts = steps.map(({ host }) => host);
  const [resource, reason] = [shownOf(steps, 'resource'), shownOf(steps, 'reason')];
  const [kind = '', ...name] = resource.split(' ');
  const whose = hosts.length === stageHosts.length ? '' : pc.cyan(`  [${namesOf(hosts)}]`);
  const called = name.join(' ');
  // A reason that begins with the name says it already.
  const head = called === '' || reason.startsWith(called) ? '' : `${called}  `;
  const text = `  ${signs[step.verb]} ${pad(kind)} ${head}${pc.dim(reason)}${whose}`;
  const diff = 'diff' in step ? diffLines(step.diff) : [];
  const shell =
    options.verbose && 'script' in step ? step.script : 'command' in step ? step.command : undefined;
  return [text, ...diff, ...(shell === undefined ? [] : commandLines(shell))];
}

/** A text that all of them share, or share but for their host's name. */
function shownOf(steps: readonly OnHostStep[], member: 'resource' | 'reason'): string {
  const [first] = steps;
  if (first === undefined) return '';
  return steps.every((step) => step[member] === first[member])
    ? first[member]
    : ownNameOut(first[member], first.host);
}

function countSteps(folds: readonly Fold<OnHostStep>[]): number {
  return folds.reduce((sum, { steps }) => sum + steps.length, 0);
}

function diffLines(diff: string): string[] {
  return diff.split('\n').map((line) => {
    const colour = line.startsWith('+') ? pc.green : line.startsWith('-') ? pc.red : pc.dim;
    return `      ${colour(line)}`;
  });
}

/** Each by its name, or where they are many, neighbours that count up in one. */
function namesOf(hosts: readonly string[]): string {
  return hosts.length > 8 ? hostList(hosts, hosts) : hosts.join(', ');
}

function stageTitle(stage: string, hosts: readonly string[]): string {
  return `${pc.bold(stage.padEnd(15))} ${pc.cyan(namesOf(hosts))}`;
}

const pad = (word: string): string => word.padEnd(11);

function summary(plan: Plan, options: PlanTextOptions): string[] {
  const steps = stepsOf(plan);
  const changes = steps.filter(isChange);
  const unreachable = plan.hosts.filter((host) => host.state === 'unreachable').map((host) => host.name);
  const missing =
    unreachable.length === 0
      ? []
      : [pc.red(`Not in this plan, since they could not be read: ${unreachable.join(', ')}.`)];
  if (unreachable.length === plan.hosts.length) return missing;
  if (changes.length === 0 && plan.issue.length === 0 && steps.length === 0)
    return [
      ...missing,
      `${plan.cluster}: nothing to do (${counted(plan.hosts.length - unreachable.length, 'host')}, ${counted(plan.checked, 'resource')} checked)`,
    ];
  const verbs = verbCounts(steps).map(
    ([verb, count]) => `${count} to ${verb === 'wait' ? 'wait for' : verb}`,
  );
  return [
    ...missing,
    `${pc.bold('Plan:')} ${counted(steps.length, 'step')}${placesOf(steps)} (${verbs.join(', ')}). ${disruption(plan)}`,
    plan.basis === 'offline'
      ? offlineNote
      : options.command === undefined
        ? 'Nothing has been changed yet.'
        : options.refused === true
          ? 'Nothing has been changed. `kboot up` refuses this until what is marked ✗ above is mended.'
          : `Nothing has been changed. \`${options.command}\` does this.`,
  ];
}
