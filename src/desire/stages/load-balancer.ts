import type { Host } from '../../model/cluster.ts';
import type { HostFacts } from '../../model/facts.ts';
import type { Resource } from '../../resource/types.ts';
import { folders, textContext, textFile, type Desire } from '../context.ts';
import { haproxyFiles } from '../text/haproxy.ts';
import { keepalivedFiles } from '../text/keepalived.ts';

/** haproxy in front of the API servers and keepalived for the virtual IP: neither needs the API. */
export function loadBalancerStage(desire: Desire, host: Host, facts: HostFacts): readonly Resource[] {
  const stage = 'load-balancer';
  const context = textContext(desire, facts);
  const haproxy = haproxyFiles(context);
  return [
    {
      kind: 'package',
      stage,
      name: 'haproxy',
      brings: { unit: 'haproxy', files: haproxy.map(({ path }) => path) },
    },
    { kind: 'package', stage, name: 'keepalived', brings: { unit: 'keepalived', files: [] } },
    ...haproxy.map((file) => textFile(stage, file, ['haproxy'])),
    { kind: 'unit', stage, name: 'haproxy', reloads: true },
    ...folders(stage, ['/etc/systemd/system/keepalived.service.d']),
    ...keepalivedFiles(context, host, facts).map((file) => textFile(stage, file, ['keepalived'])),
    { kind: 'unit', stage, name: 'keepalived', reloads: true },
  ];
}
