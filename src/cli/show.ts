import type { Connections } from '../app/observe/connect.ts';
import type { PlanScope } from '../plan/scope.ts';
import { openWorkspace, type CommonOptions, type Workspace } from '../app/workspace.ts';
import { nearest } from '../inventory/nearest.ts';
import { formatDiagnostic } from '../model/diagnostic.ts';
import { exitStatus, KbootError, type ExitStatus } from '../model/error.ts';
import { isCheck, isOfInventory, knownChecks, whyNotIgnorable } from '../model/preflight-checks.ts';
import { inEnglish, type Finding } from '../plan/preflight/finding.ts';
import type { Plan } from '../plan/types.ts';
import { quote, quoteAll } from '../model/shell.ts';
import { findingsText } from '../view/findings-text.ts';
import { planText, type PlanTextOptions } from '../view/plan-text.ts';
import type { GlobalArgs, InventoryArgs, PlanArgs, ScopeArgs } from './args.ts';
import { languageOfRun } from './language.ts';
import { event, note, tell, tellErrors } from './terminal.ts';
import { line } from '../view/printable.ts';
import { remedies } from './remedies.ts';

/** A plan, and the connections it was made over. */
export interface Planned {
  readonly plan: Plan;
  readonly connections: Connections;
  readonly findings?: readonly Finding[];
  /** Duration of reading the hosts. */
  readonly seconds?: number;
}

/** Opens the inventory's workspace and reports its warnings. */
export async function openWithWarnings(options: CommonOptions): Promise<Workspace> {
  const workspace = await openWorkspace(options);
  for (const warning of workspace.warnings) note(line`${formatDiagnostic(warning)}`);
  return workspace;
}

/** The scope of a plan according to the flags. Throws KbootError E-USAGE for a check that does not exist or cannot be ignored. */
export function scopeOf(args: ScopeArgs): PlanScope {
  refuseIgnoring(args['ignore-preflight']);
  return {
    ...{ until: args.until ?? 'addon', limit: args.limit, ignore: args['ignore-preflight'] },
    ...(args['renew-certs'] === true && { renewCerts: true }),
  };
}

function refuseIgnoring(checks: readonly string[]): void {
  const fixed = checks.flatMap((check) => {
    if (isOfInventory(check))
      return [`--ignore-preflight ${check}: only the inventory can ignore it, in spec.preflight.ignore`];
    const why = whyNotIgnorable(check);
    return why === undefined
      ? []
      : [`--ignore-preflight ${check}: this check cannot be ignored, because ${why}`];
  });
  const unknown = checks.filter((check) => !isCheck(check));
  const named = unknown.map((check) => {
    const near = nearest(check, knownChecks);
    const hint = near === undefined ? '' : `; did you mean ${near}?`;
    return `--ignore-preflight ${check}: there is no such check${hint}`;
  });
  if (fixed.length + named.length === 0) return;
  const remedy =
    unknown.length > 0 ? remedies.theChecks({ checks: knownChecks.join(', ') }) : remedies.cannotIgnore;
  throw new KbootError('E-USAGE', [...fixed, ...named].join('; '), { remedy });
}

/** Hosts whose certificates a plan of this scope renews. */
export function renewal({ limit, renewCerts }: PlanScope): CommonOptions['renewCerts'] {
  return renewCerts === true ? { hosts: limit } : undefined;
}

/** Reports the hosts that could not be read, and the preflight findings on the others. */
export function tellReading(args: InventoryArgs, planned: Planned): void {
  const { connections, findings = [], seconds } = planned;
  tellErrors(connections.failed.values());
  if (args.output === 'json') {
    for (const finding of findings) event({ type: 'finding', ...inEnglish(finding) });
    return;
  }
  if (findings.length > 0) note(findingsText(findings, languageOfRun()));
  const read = [...connections.open.keys()].filter((name) => !connections.failed.has(name)).length;
  if (seconds !== undefined && read > 0)
    note(line`read ${read} ${read === 1 ? 'host' : 'hosts'} in ${seconds.toFixed(1)} s`);
}

/** 0 if every host was read, 4 if one could not be; if all hosts failed with another error, the status of that error. */
export function readStatus({ failed }: Pick<Connections, 'failed'>): ExitStatus {
  const exits = [...new Set([...failed.values()].map(({ exit }) => exit))];
  const [only = exitStatus.done] = exits;
  return exits.length > 1 ? exitStatus.unreachable : only;
}

/** The command that applies this plan, with its flags for scope and inputs. */
export function upCommand(args: PlanArgs): string {
  const { inventory, out, until, limit, state, bundle, 'ignore-preflight': ignored } = args;
  const { 'renew-certs': renewCerts, 'allow-unofficial': allowUnofficial } = args;
  const { 'allow-hooks': allowHooks, deep } = args;
  const kept =
    out === undefined
      ? { until, limit, 'ignore-preflight': ignored, 'renew-certs': renewCerts }
      : { plan: out };
  const flags = Object.entries({
    ...kept,
    state,
    bundle,
    'allow-unofficial': allowUnofficial,
    'allow-hooks': allowHooks,
    deep,
  }).flatMap(([flag, value]) => {
    if (typeof value === 'boolean') return value ? [`--${flag}`] : [];
    const words = [value ?? []].flat();
    if (flag === 'bundle') return words.flatMap((word) => ['--bundle', quote(word)]);
    return words.length === 0 ? [] : [`--${flag}`, quoteAll(words)];
  });
  return ['kboot up', quote(inventory), ...flags].join(' ');
}

/** The plan as an event or as text; `options` say how to continue if no question follows. */
export function showPlan(args: GlobalArgs, plan: Plan, options: Omit<PlanTextOptions, 'verbose'> = {}): void {
  if (args.output === 'json') event({ type: 'plan', plan });
  else tell(planText(plan, { verbose: args.verbose, ...options }));
}
