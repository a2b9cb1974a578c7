import { plural } from '../model/plural.ts';
import { makePlan, type LivePlan } from '../app/make-plan.ts';
import { readInventory, type ReadInventory } from '../app/read-inventory.ts';
import { readPlan } from '../app/saved/file.ts';
import { holdToSaved, scopeOfSaved } from '../app/saved/plan.ts';
import type { Rotatable } from '../model/pki.ts';
import type { PlanScope } from '../plan/scope.ts';
import { selectHosts } from '../plan/select-hosts.ts';
import type { Hop } from '../plan/upgrade/hops.ts';
import { KbootError, type ExitStatus } from '../model/error.ts';
import { whyNotIgnorable } from '../model/preflight-checks.ts';
import type { Finding } from '../plan/preflight/finding.ts';
import { stepsOf } from '../plan/steps.ts';
import { planSummary } from '../view/plan-text.ts';
import { hostsInShort, namesOf } from '../view/host-list.ts';
import { phaseSeconds } from '../view/phase-seconds.ts';
import { runOperation, type Outcome } from './runner.ts';
import { openWithWarnings, renewal, scopeOf, showPlan } from './show.ts';
import { runRotation } from './rotate-run.ts';
import { withCopy } from './copy-guard.ts';
import { runThrough } from './through-run.ts';
import { bundlesOf, connectOptions, tell } from './terminal.ts';
import { maxFailuresOf, refuseFailures, stoppedText } from './max-failures.ts';
import type { UpArgs } from './args.ts';
import { below, line, type Printable } from '../view/printable.ts';
import { remedies } from './remedies.ts';

/** Plans, shows, asks, applies; with `--plan` exactly the saved plan, or nothing. Returns the exit status. */
export async function runUp(args: UpArgs): Promise<ExitStatus> {
  const read = await readInventory(args.inventory, { state: args.state });
  const limit = [...selectHosts(read.cluster, args.limit)];
  return await withCopy(args, read.cluster, () => runPlans({ ...args, limit }, read));
}

async function runPlans(args: UpArgs, read: ReadInventory): Promise<ExitStatus> {
  maxFailuresOf(args);
  if (args['rotate-ca'].length > 0) refuseParts(args, 'rotate-ca');
  if (args.through) {
    refuseParts(args, 'through');
    const workspace = await openWithWarnings({ ...args, ...bundlesOf(args), read });
    return await runThrough(workspace, scopeOf(args), args.concurrency, (hop) =>
      runOnce(args, read, { hop }),
    );
  }
  // A part of the cluster is taken to the stage that it is in.
  const rotated =
    partOf(args) === undefined
      ? await runRotation(args, read, (rotate) => runOnce(args, read, { ...(rotate && { rotate }) }))
      : undefined;
  return rotated ?? (await runOnce(args, read));
}

/** The flag that limits a run to a part of the cluster, or of what there is to do. */
function partOf({ plan, limit, until }: UpArgs): string | undefined {
  if (plan !== undefined) return '--plan';
  if (limit.length > 0) return '--limit';
  return until === undefined ? undefined : '--until';
}

/** Throws KbootError E-USAGE for a run of several plans with a flag that takes a part of one. */
function refuseParts(args: UpArgs, name: 'through' | 'rotate-ca'): void {
  const flag = partOf(args) ?? (name === 'rotate-ca' && args.through ? '--through' : undefined);
  if (flag === undefined) return;
  throw new KbootError('E-USAGE', `--${name} and ${flag} exclude each other`, {
    remedy: name === 'through' ? remedies.chainIsWhole : remedies.exchangeIsWhole,
  });
}

/** `hop`: one upgrade of a chain; `rotate`: CAs to exchange. */
async function runOnce(
  args: UpArgs,
  read: ReadInventory,
  { hop, rotate }: { readonly hop?: Hop; readonly rotate?: readonly Rotatable[] } = {},
): Promise<ExitStatus> {
  const file = args.plan === undefined ? undefined : { path: args.plan, saved: await readPlan(args.plan) };
  const asked: PlanScope = { ...scopeOf(args), ...(hop?.holdWorkers === true && { holdWorkers: true }) };
  const workspace = await openWithWarnings({
    ...{ ...args, ...bundlesOf(args) },
    renewCerts: renewal(file?.saved.scope ?? asked),
    read: hop === undefined ? read : read.at(hop.to),
    ...(rotate && { rotate }),
  });
  const scope = file === undefined ? asked : scopeOfSaved(workspace, file, { ...asked, until: args.until });
  const max = maxFailuresOf(args);
  const hosts = scope.limit.length === 0 ? workspace.cluster.hosts.length : scope.limit.length;
  const make = (): Promise<LivePlan> => makePlan(workspace, scope, connectOptions(), args.concurrency);
  return await runOperation(args, workspace, {
    command: 'up',
    question: 'Apply this plan?',
    make,
    check: (live) => {
      refuseFindings(live.findings);
      refuseFailures(live.plan, [...live.connections.failed.keys()], max, hosts);
    },
    ...(max !== undefined && { maxFailures: max.count(hosts) }),
    nothing: nothingText,
    summary: (live, outcome) => summary(args, scope, live, outcome, stoppedText(max, outcome.stoppedAfter)),
    ...(file !== undefined && {
      hold: (live: LivePlan) => holdToSaved(file, live),
      show: ({ plan }: LivePlan) => {
        if (args.output === 'json') showPlan(args, plan);
        else tell(planSummary(plan, { verbose: args.verbose }));
      },
    }),
  });
}

/** Throws KbootError E-PREFLIGHT or E-FOREIGN-CLUSTER when a finding is an error; offers only checks that can be ignored. */
export function refuseFindings(findings: readonly Finding[]): void {
  const errors = findings.filter((finding) => finding.level === 'error');
  if (errors.length === 0) return;
  const checks = [...new Set(errors.map(({ check }) => check))];
  const ignorable = checks.filter((check) => whyNotIgnorable(check) === undefined);
  throw new KbootError(
    ignorable.length === 0 && checks.includes('ForeignCluster') ? 'E-FOREIGN-CLUSTER' : 'E-PREFLIGHT',
    `${plural(errors.length, 'requirement')} ${errors.length === 1 ? 'is' : 'are'} not met; nothing was changed`,
    {
      remedy:
        ignorable.length === 0 ? remedies.fixFindings : remedies.fixOrIgnore({ checks: ignorable.join(' ') }),
    },
  );
}

function nothingText({ plan, connections, seconds }: LivePlan): Printable {
  const unread = [...connections.failed.keys()];
  const warnings = plan.warnings.map((warning) => line`warning ${warning}`);
  if (unread.length === 0)
    return below(
      ...warnings,
      line`${plan.cluster}: nothing to do (${plural(connections.open.size, 'host')}, ${plural(plan.checked, 'resource')} checked in ${seconds.toFixed(1)} s)`,
    );
  const others = plan.hosts.length - unread.length;
  return below(
    ...warnings,
    line`${plan.cluster}: nothing was changed; ${namesOf(unread)} could not be read${others === 0 ? '' : `, nothing to do on the other ${others}`}`,
  );
}

function summary(
  args: UpArgs,
  { until }: PlanScope,
  live: LivePlan,
  outcome: Outcome,
  stopped?: string,
): Printable {
  const name = live.plan.cluster;
  const went = `${outcome.executed} of ${stepsOf(live.plan).length} steps in ${outcome.seconds.toFixed(1)} s (${phaseSeconds(live.plan, outcome.events)})`;
  const again = 'Run the same command again: it continues where this run stopped.';
  if (outcome.interrupted) return line`${name}: interrupted after ${went}. ${again}`;
  const lost = [
    ...new Set([...outcome.failures.flatMap(({ host }) => host ?? []), ...live.connections.failed.keys()]),
  ];
  const names = (list: readonly string[]): string =>
    hostsInShort(
      list,
      live.plan.hosts.map(({ name }) => name),
      6,
    );
  const held =
    outcome.held.length === 0
      ? ''
      : stopped === undefined
        ? ` Not attempted: the rollout stopped before ${names(outcome.held)}.`
        : ` Not finished: ${names(outcome.held)}.`;
  if (lost.length > 0 || outcome.failures.length > 0)
    return line`${name}: ${went}. Failed: ${lost.length > 0 ? names(lost) : 'the cluster'}.${stopped === undefined ? '' : ` ${stopped}`}${held} ${again}`;
  if (until !== 'addon') return line`${name}: done through stage ${until}: ${went}`;
  const nodes = live.plan.hosts.filter((host) =>
    host.roles.some((role) => role === 'control-plane' || role === 'worker'),
  ).length;
  return below(
    line`${name} is up: ${plural(nodes, 'node')} Ready, ${went}`,
    line`  kubeconfig   kboot kubeconfig ${args.inventory} --merge`,
    line`  status       kboot status ${args.inventory}`,
    line`  verify       kboot verify ${args.inventory}`,
  );
}
