import { stringify } from 'yaml';

const image = 'docker.io/library/busybox:kboot';

/** The Service of type LoadBalancer in front of the Deployment of `workloads`, in the namespace default. */
export const serviceName = 'web';

/** Names of what `workloads` makes, in the namespace default. */
export const workloadNames = ['deployment/web', 'statefulset/keeper', 'daemonset/agent'] as const;

/**
 * What a careful team runs: a Deployment of four behind a Service, spread over the nodes, whose servers serve on for
 * some seconds after they were told to end; a StatefulSet of three; a DaemonSet; and a budget for the first two.
 * Without `service` there is no Service, for clusters that have nobody to announce its address.
 */
export function workloads({ service }: { readonly service: boolean }): string {
  const objects = [deployment, statefulSet, daemonSet, budget('web', 3), budget('keeper', 2)];
  return [...objects, ...(service ? [loadBalancer] : [])].map((object) => stringify(object)).join('---\n');
}

/**
 * A Deployment of two that runs on `host` alone, with a budget of one: the first Pod may go and finds no other place,
 * so that the second may never. Its node cannot be drained, which its budget does not show beforehand.
 */
export function stuck(host: string): string {
  const spec = { nodeSelector: { 'kubernetes.io/hostname': host } };
  const pinned = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'stuck' },
    spec: { replicas: 2, selector: { matchLabels: { app: 'stuck' } }, template: template('stuck', spec) },
  };
  return [pinned, budget('stuck', 1)].map((object) => stringify(object)).join('---\n');
}

function template(app: string, spec: object): object {
  return { metadata: { labels: { app } }, spec: { ...pod(), ...spec } };
}

/** A web server that answers with its name. On SIGTERM it ends at once; before that it serves on for five seconds. */
function pod(): object {
  const serve =
    'mkdir -p /www && hostname > /www/index.html; trap "exit 0" TERM; httpd -f -p 8080 -h /www & wait';
  return {
    terminationGracePeriodSeconds: 20,
    containers: [
      {
        name: 'server',
        image,
        imagePullPolicy: 'Never',
        command: ['sh', '-c', serve],
        readinessProbe: { httpGet: { port: 8080, path: '/' }, periodSeconds: 1 },
        lifecycle: { preStop: { sleep: { seconds: 5 } } },
      },
    ],
  };
}

function budget(app: string, minAvailable: number): object {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: app },
    spec: { minAvailable, selector: { matchLabels: { app } } },
  };
}

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: 4,
    selector: { matchLabels: { app: 'web' } },
    template: template('web', {
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'kubernetes.io/hostname',
          whenUnsatisfiable: 'ScheduleAnyway',
          labelSelector: { matchLabels: { app: 'web' } },
        },
      ],
    }),
  },
};

const statefulSet = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'keeper' },
  spec: {
    serviceName: 'keeper',
    replicas: 3,
    selector: { matchLabels: { app: 'keeper' } },
    template: template('keeper', {}),
  },
};

const daemonSet = {
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name: 'agent' },
  spec: {
    selector: { matchLabels: { app: 'agent' } },
    template: template('agent', { tolerations: [{ operator: 'Exists' }] }),
  },
};

const loadBalancer = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: serviceName },
  spec: {
    type: 'LoadBalancer',
    selector: { app: 'web' },
    ports: [{ port: 80, targetPort: 8080 }],
  },
};
