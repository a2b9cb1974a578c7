import { dirname } from 'node:path/posix';
import type { HostFacts } from '../../model/facts.ts';
import type { Resource } from '../../resource/types.ts';
import { folders, packageOf, textContext, textFile, type Desire } from '../context.ts';
import { allNtpFiles, ntpFiles, timeServiceOf } from '../text/ntp.ts';

const stage = 'host';

/**
 * The servers of spec.ntp, for what keeps the time of the host; chrony where nothing does. Without spec.ntp, what an
 * earlier inventory had of it is removed. What kboot does not know (ntpd and the like) stays, and preflight names it.
 */
export function timeResources(desire: Desire, facts: HostFacts): readonly Resource[] {
  const { ntp } = desire.cluster;
  if (facts.timeService === 'other') return [];
  const name = timeServiceOf(facts);
  if (ntp === undefined)
    return facts.ntpFiles === true
      ? [{ kind: 'time-service', stage, name, wanted: false, files: allNtpFiles }]
      : [];
  const files = ntpFiles(textContext(desire, facts), facts, ntp.servers);
  const own = files.map(({ path }) => path);
  return [
    ...(facts.timeService === undefined ? [packageOf(desire, facts, stage, 'chrony')] : []),
    ...folders(
      stage,
      [...new Set(own.map((path) => dirname(path)))].filter((path) => path.endsWith('.d')),
    ),
    ...files.map((file) => textFile(stage, file, [name])),
    { kind: 'obsolete', stage, name: 'ntp', patterns: allNtpFiles, keep: own },
    { kind: 'time-service', stage, name, wanted: true, files: own },
  ];
}
