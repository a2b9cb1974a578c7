import pc from 'picocolors';
import { stages, type Stage } from '../model/stage.ts';
import { isChange, stepsOf, type ClusterStep, type OnHostStep, type Plan, type Step } from '../plan/types.ts';

export interface PlanTextOptions {
  readonly verbose: boolean;
  /** How to go on, `kboot up inventory.yaml`; absent where the question follows at once. */
  readonly command?: string;
}

const signs: Readonly<Record<Step['verb'], string>> = {
  create: pc.green('+'),
  update: pc.yellow('~'),
  restart: pc.yellow('!'),
  delete: pc.red('-'),
  wait: pc.dim('…'),
};

/** One line of the plan: equal steps of several hosts in one. */
interface Line {
  readonly step: Step;
  readonly hosts: string[];
}

/** The plan as people read it: by stage, equal steps of several hosts in one line, diffs below. */
export function planText(plan: Plan, options: PlanTextOptions): string {
  const out: string[] = [title(plan), ''];
  if (plan.issue.length > 0) out.push(...issueLines(plan, options), '');
  if (plan.membership.length > 0) out.push(...membershipLines(plan), '');
  const hostSteps = byStage(plan.hostSteps);
  const clusterSteps = byStage(plan.clusterSteps);
  for (const stage of stages) {
    const lines = linesOf(stage, hostSteps.get(stage) ?? [], clusterSteps.get(stage) ?? [], options);
    if (lines.length > 0) out.push(...lines, '');
  }
  for (const warning of plan.warnings) out.push(`${pc.yellow('warning')} ${warning}`);
  out.push(...summary(plan, options));
  return out.join('\n');
}

/** `lab · Kubernetes v1.36.2 · 1 control plane, 2 workers · API https://10.77.0.11:6443` */
export function title(plan: Plan): string {
  const count = (role: string, noun: string): string[] => {
    const n = plan.hosts.filter((host) => host.roles.includes(role)).length;
    return n === 0 ? [] : [`${n} ${noun}${n === 1 ? '' : 's'}`];
  };
  const roles = [
    ...count('control-plane', 'control plane'),
    ...count('worker', 'worker'),
    ...count('etcd', 'etcd host'),
    ...count('load-balancer', 'load balancer'),
  ];
  return `${pc.bold(plan.cluster)} · Kubernetes ${plan.kubernetesVersion} · ${roles.join(', ')} · API ${plan.endpoint}`;
}

function issueLines(plan: Plan, options: PlanTextOptions): string[] {
  const certificates = plan.issue;
  return [
    stageTitle('state folder', ['this machine']),
    `  ${signs.create} ${pad('pki')} ${certificates.length} certificates and keys, issued here, never shown`,
    ...(options.verbose ? certificates.map((name) => `      ${name}`) : []),
  ];
}

function membershipLines({ membership }: Plan): string[] {
  return [
    stageTitle('etcd members', ['first of all']),
    ...membership.map(
      (step) => `  ${signs[step.verb]} ${pad('etcd')} ${step.resource}  ${pc.dim(step.reason)}`,
    ),
  ];
}

/** Steps by stage, in one pass: a plan for a thousand hosts has tens of thousands. */
function byStage<S extends Step>(steps: readonly S[]): ReadonlyMap<Stage, readonly S[]> {
  const groups = new Map<Stage, S[]>(stages.map((stage) => [stage, []]));
  for (const step of steps) groups.get(step.stage)?.push(step);
  return groups;
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
    const lines = merge(hostSteps);
    const pki = lines.filter(({ step }) => isPki(step));
    for (const line of lines) {
      if (!options.verbose && pki.length > 3 && isPki(line.step)) {
        if (line === pki[0])
          out.push(
            `  ${signs[line.step.verb]} ${pad('file')} ${pki.length} certificates, keys and kubeconfigs under /etc/kubernetes ${pc.dim('(by name: --verbose)')}`,
          );
        continue;
      }
      out.push(...lineText(line, stageHosts, options));
    }
  }
  if (clusterSteps.length > 0) {
    out.push(stageTitle(stage, ['through the API']));
    for (const step of clusterSteps)
      out.push(
        `  ${signs[step.verb]} ${pad(step.type === 'wait' ? 'wait' : 'object')} ${step.resource}${step.reason === '' ? '' : pc.dim(`  ${step.reason}`)}`,
      );
  }
  return out;
}

function lineText({ step, hosts }: Line, stageHosts: readonly string[], options: PlanTextOptions): string[] {
  const [kind = '', ...name] = step.resource.split(' ');
  const whose = hosts.length === stageHosts.length ? '' : pc.cyan(`  [${hosts.join(', ')}]`);
  const called = name.join(' ');
  // A reason that begins with the name says it already.
  const head = called === '' || step.reason.startsWith(called) ? '' : `${called}  `;
  const text = `  ${signs[step.verb]} ${pad(kind)} ${head}${pc.dim(step.reason)}${whose}`;
  const diff = 'diff' in step ? diffLines(step.diff) : [];
  const script =
    options.verbose && step.type === 'host'
      ? step.script.split('\n').map((line) => pc.dim(`      $ ${line}`))
      : [];
  return [text, ...diff, ...script];
}

function diffLines(diff: string): string[] {
  return diff.split('\n').map((line) => {
    const colour = line.startsWith('+') ? pc.green : line.startsWith('-') ? pc.red : pc.dim;
    return `      ${colour(line)}`;
  });
}

function merge(steps: readonly OnHostStep[]): Line[] {
  const lines = new Map<string, Line>();
  for (const step of steps) {
    const key = JSON.stringify([
      step.resource,
      step.verb,
      step.reason,
      step.type === 'host' ? step.diff : '',
    ]);
    const line = lines.get(key);
    if (line === undefined) lines.set(key, { step, hosts: [step.host] });
    else line.hosts.push(step.host);
  }
  return [...lines.values()];
}

function isPki(step: Step): boolean {
  return step.type === 'host' && step.payload?.content.kind === 'secret' && step.resource.startsWith('file ');
}

function stageTitle(stage: string, hosts: readonly string[]): string {
  return `${pc.bold(stage.padEnd(15))} ${pc.cyan(hosts.join(', '))}`;
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
      `${plan.cluster}: nothing to do (${plan.hosts.length} hosts, ${plan.checked} resources checked)`,
    ];
  const counts = new Map<Step['verb'], number>();
  for (const { verb } of steps) counts.set(verb, (counts.get(verb) ?? 0) + 1);
  const verbs = (['create', 'update', 'restart', 'delete', 'wait'] as const)
    .map((verb) => [verb, counts.get(verb) ?? 0] as const)
    .filter(([, count]) => count > 0)
    .map(([verb, count]) => `${count} to ${verb === 'wait' ? 'wait for' : verb}`);
  return [
    ...missing,
    `${pc.bold('Plan:')} ${steps.length} steps on ${plan.hosts.length - unreachable.length} hosts (${verbs.join(', ')}). ${disruption(plan)}`,
    plan.basis === 'offline'
      ? 'Made without asking a host: taken for fresh. Which packages, modules and swap are there is not known.'
      : options.command === undefined
        ? 'Nothing has been changed yet.'
        : `Nothing has been changed. \`${options.command}\` does this.`,
  ];
}

/** What running workloads would notice. */
function disruption(plan: Plan): string {
  if (plan.hostSteps.some((step) => step.verb === 'delete' && step.resource === 'pods'))
    return 'All that runs there in the cluster ends.';
  const restarts = plan.hostSteps.filter(
    (step) => step.verb === 'restart' || (step.verb === 'update' && step.resource.startsWith('static-pod ')),
  );
  if (restarts.length === 0) return 'No running workload is touched.';
  const names = [...new Set(restarts.map((step) => `${step.resource.split(' ')[1] ?? ''} on ${step.host}`))];
  return `Restarts ${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}.`;
}
