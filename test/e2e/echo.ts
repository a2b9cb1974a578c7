import { stringify } from 'yaml';

const image = 'docker.io/library/busybox:kboot';

/** A Pod `echo-HOST` on each host that answers with its name on port 8080, and the Service `echo` on port 80. */
export function echoPods(hosts: readonly string[]): string {
  const pods = hosts.map((host) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `echo-${host}`, labels: { app: 'echo' } },
    spec: {
      nodeName: host,
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'echo',
          image,
          imagePullPolicy: 'Never',
          command: [
            'sh',
            '-c',
            'mkdir -p /www && hostname > /www/index.html && echo "started $(hostname)" && exec httpd -f -p 8080 -h /www',
          ],
          readinessProbe: { httpGet: { port: 8080, path: '/' }, periodSeconds: 1 },
        },
      ],
    },
  }));
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'echo' },
    spec: { selector: { app: 'echo' }, ports: [{ port: 80, targetPort: 8080 }] },
  };
  return [...pods, service].map((object) => stringify(object)).join('---\n');
}
