import { hostPort } from '../../desire/text/address.ts';
import { addonLabel } from '../../kube/addons.ts';
import type { Text } from '../../model/language/text.ts';
import type { Condition } from '../../plan/types.ts';
import { remedies } from './remedies.ts';

/** The remedy for a failed wait: fix the cause that `detail` shows, or else find it with a command. */
export function waitRemedy(condition: Condition, detail: string): Text {
  const look = whereToLook(condition);
  return detail.trim() === '' ? remedies.findTheCause(look) : remedies.fixTheCause(look);
}

function whereToLook(condition: Condition): Text {
  switch (condition.kind) {
    case 'etcd-member':
      return remedies.etcdMember(condition);
    case 'api':
      return condition.host === undefined ? remedies.anyApi : remedies.api({ host: condition.host });
    case 'load-balancer':
      return remedies.loadBalancer(condition);
    case 'endpoint':
      return remedies.endpoint({ at: hostPort(condition.address, condition.port) });
    case 'kubelet':
      return remedies.kubelet(condition);
    case 'controller':
      return remedies.controller(condition);
    case 'leader':
      return remedies.leader(condition);
    case 'stored-as':
      return remedies.storedAs(condition);
    case 'published-cas':
      return condition.copy === 'kube-root-ca.crt' ? remedies.publishedRoot : remedies.publishedClient;
    case 'pod-ready':
      return remedies.podReady(condition);
    case 'node-registered':
      return remedies.kubelet({ host: condition.node });
    case 'node-ready':
      return remedies.nodeReady(condition);
    case 'workload-ready':
      return remedies.workloadReady({ ...condition, workload: condition.workload.toLowerCase() });
    case 'addon-ready':
      return remedies.addonReady({ label: `${addonLabel}=${condition.addon}` });
    case 'addon-gone':
      return remedies.addonGone({
        kind: condition.objects[0]?.kind.toLowerCase() ?? 'all',
        label: `${addonLabel}=${condition.addon}`,
      });
  }
}
