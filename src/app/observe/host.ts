import { assumedFacts, type HostFacts } from '../../model/facts.ts';
import { factsOf } from '../../model/inspection.ts';
import type { ProbeQuestions } from '../../observe/inspect.ts';
import { probeHost, probeOthers, type HostObservation } from '../../observe/probe.ts';
import type { Resource } from '../../resource/types.ts';
import type { Reader } from '../../transport/types.ts';

/**
 * Reads one host in one exec, assuming `assumedFacts`; and in a second one the resources that differ for the actual
 * distribution or architecture. `wanted` lists the resources of a host with the given facts.
 */
export async function observeHost(
  reader: Reader,
  address: string,
  wanted: (facts: HostFacts) => readonly Resource[],
  ask: ProbeQuestions,
): Promise<HostObservation> {
  const asked = wanted(assumedFacts);
  const seen = await probeHost(reader, asked, ask);
  const facts = factsOf(seen.inspection, address);
  // With spec.ntp, or what is left of it, what keeps the time decides which files there are.
  const timed =
    facts.ntpFiles === true ||
    (asked.some(({ kind }) => kind === 'time-service') && facts.timeService !== assumedFacts.timeService);
  const same =
    facts.os.id === assumedFacts.os.id && facts.architecture === assumedFacts.architecture && !timed;
  return same ? seen : probeOthers(reader, seen, asked, wanted(facts), ask);
}
