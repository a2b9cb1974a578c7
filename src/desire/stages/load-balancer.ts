import { dirname } from 'node:path';
import type { Host } from '../../model/cluster.ts';
import type { HostFacts } from '../../model/facts.ts';
import type { Resource } from '../../resource/types.ts';
import { folders, packageOf, textContext, textFile, type Desire } from '../context.ts';
import { haproxyFiles } from '../text/haproxy.ts';
import { keepalivedFiles } from '../text/keepalived.ts';
import type { HostText } from '../text/types.ts';

const stage = 'load-balancer';

/** haproxy in front of the API servers and keepalived for the virtual IP: neither needs the API. */
export function loadBalancerStage(desire: Desire, host: Host, facts: HostFacts): readonly Resource[] {
  const context = textContext(desire, facts);
  const haproxy = haproxyFiles(context, facts);
  const keepalived = keepalivedFiles(context, host, facts);
  return [
    packageOf(desire, facts, stage, 'haproxy', haproxy),
    packageOf(desire, facts, stage, 'keepalived', keepalived),
    ...dropInFolders(haproxy),
    ...haproxy.map((file) => textFile(stage, file, ['haproxy'])),
    { kind: 'unit', stage, name: 'haproxy', reloads: true },
    ...dropInFolders(keepalived),
    ...keepalived.map((file) => textFile(stage, file, ['keepalived'])),
    { kind: 'unit', stage, name: 'keepalived', reloads: true },
  ];
}

function dropInFolders(files: readonly HostText[]): readonly Resource[] {
  return folders(
    stage,
    [...new Set(files.map(({ path }) => dirname(path)))].filter((path) => path.endsWith('.d')),
  );
}
