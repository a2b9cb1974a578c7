import type { Condition } from '../../plan/types.ts';
import { diagnoseAddon } from './addon.ts';
import {
  diagnoseApi,
  diagnoseController,
  diagnoseLeader,
  diagnoseEtcd,
  diagnoseLoadBalancer,
  diagnosePod,
} from './control-plane.ts';
import { diagnoseEndpoint } from './endpoint.ts';
import { diagnoseKubelet, diagnoseNode } from './node.ts';
import { messageOfError, Sources, type DiagnoseAccess } from './sources.ts';
import { bounded, type Section } from './text.ts';
import { diagnoseWorkload } from './workload.ts';

export type { DiagnoseAccess } from './sources.ts';
export { waitRemedy } from './remedy.ts';

/** The diagnosis for each kind of condition that does not hold. The most important lines come first. */
const lookups: {
  readonly [K in Condition['kind']]: (
    condition: Extract<Condition, { readonly kind: K }>,
    sources: Sources,
  ) => Promise<Section[]>;
} = {
  'etcd-member': diagnoseEtcd,
  api: diagnoseApi,
  'load-balancer': diagnoseLoadBalancer,
  endpoint: diagnoseEndpoint,
  kubelet: diagnoseKubelet,
  controller: diagnoseController,
  leader: diagnoseLeader,
  'stored-as': () => Promise.resolve([]),
  'published-cas': () => Promise.resolve([]),
  'pod-ready': diagnosePod,
  'node-registered': diagnoseNode,
  'node-ready': diagnoseNode,
  'workload-ready': diagnoseWorkload,
  'addon-ready': diagnoseAddon,
  'addon-gone': () => Promise.resolve([]),
};

/** Time limit of a whole diagnosis. */
const defaultMs = 18_000;

/**
 * Why a condition does not hold, as an operator would find out: states, events and last log lines, at most 60 lines of
 * 400 characters without secrets and control characters. Only reads. Never rejects, and finishes within 18 s; a line
 * names anything that could not be read.
 */
export async function diagnose(
  condition: Condition,
  access: DiagnoseAccess,
  totalMs = defaultMs,
): Promise<string> {
  try {
    const lookup = lookups[condition.kind] as (condition: Condition, sources: Sources) => Promise<Section[]>;
    return bounded(await lookup(condition, new Sources(access, totalMs)));
  } catch (error) {
    return bounded([[`the cause could not be determined: ${messageOfError(error)}`]]);
  }
}
