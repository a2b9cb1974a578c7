import type { Connections } from '../app/connect.ts';
import type { PlanScope } from '../app/scope.ts';
import { openWorkplace, type CommonOptions, type Workplace } from '../app/workplace.ts';
import { formatDiagnostic } from '../model/diagnostic.ts';
import type { Finding } from '../plan/finding.ts';
import type { Plan } from '../plan/types.ts';
import { findingsText } from '../view/findings-text.ts';
import { planText } from '../view/plan-text.ts';
import type { GlobalArgs, InventoryArgs, ScopeArgs } from './args.ts';
import { event, note, tell, tellErrors } from './terminal.ts';

/** A plan, and the connections it was made over. */
export interface Planned {
  readonly plan: Plan;
  readonly connections: Connections;
  readonly findings?: readonly Finding[];
  /** How long the reading took. */
  readonly seconds?: number;
}

/** Opens the inventory's workplace and tells its warnings. */
export async function openPlace(options: CommonOptions): Promise<Workplace> {
  const place = await openWorkplace(options);
  for (const warning of place.warnings) note(formatDiagnostic(warning));
  return place;
}

/** What flags say a plan is about. */
export function scopeOf(args: ScopeArgs): PlanScope {
  return { until: args.until ?? 'addon', limit: args.limit, ignore: args['ignore-preflight'] };
}

/** Tells which hosts could not be read, and what preflight found on the others. */
export function tellReading(args: InventoryArgs, planned: Planned): void {
  const { connections, findings = [], seconds } = planned;
  tellErrors(connections.failed.values());
  if (args.output === 'json') {
    for (const finding of findings) event({ type: 'finding', ...finding });
    return;
  }
  if (findings.length > 0) note(findingsText(findings));
  const read = [...connections.open.keys()].filter((name) => !connections.failed.has(name)).length;
  if (seconds !== undefined && read > 0)
    note(`read ${read} ${read === 1 ? 'host' : 'hosts'} in ${seconds.toFixed(1)} s`);
}

/** The plan as an event or as text; `command` says how to go on where no question follows. */
export function showPlan(args: GlobalArgs, plan: Plan, command?: string): void {
  if (args.output === 'json') event({ type: 'plan', plan });
  else tell(planText(plan, { verbose: args.verbose, ...(command !== undefined && { command }) }));
}
