import type { Cluster, Host } from '../../model/cluster.ts';
import type { Inspection } from '../../model/inspection.ts';
import type { Finding } from './finding.ts';
import { remedies } from './remedies.ts';
import { remedyFields } from '../../model/language/text.ts';

/** Something else than chrony and systemd-timesyncd sets the clock: two of them would pull it in two directions. */
export function foreignTimeService(
  _host: Host,
  { facts }: Inspection,
  { ntp }: Cluster,
): Omit<Finding, 'host'> | undefined {
  return ntp === undefined || facts.timeService !== 'other'
    ? undefined
    : {
        check: 'TimeService',
        level: 'error',
        message:
          'ntpd, ntpsec or openntpd keeps its clock; kboot configures spec.ntp.servers for chrony and systemd-timesyncd',
        ...remedyFields(remedies.removeNtp),
      };
}
