import type { Cluster } from '../../model/cluster.ts';
import type { Phase } from '../../plan/types.ts';
import type { HostView } from './hosts.ts';
import { html, type Html } from './html.ts';
import { clusterTitle, operatorTitle } from './lanes.ts';
import type { RunRecord } from './record.ts';

/** Every host with its roles and state: the facts of the drawing as a table. */
export function hostTable(hosts: readonly HostView[], cluster: Cluster | undefined): Html {
  const addresses = new Map((cluster?.hosts ?? []).map((host) => [host.name, host.address]));
  const rows = hosts.map(
    ({ name, roles, resources, state, says }) =>
      html`<tr>
        <th scope="row">${name}</th>
        <td>${addresses.get(name)}</td>
        <td>${roles.join(', ')}</td>
        <td class="number">${resources}</td>
        <td class="says ${state}">${says}</td>
      </tr>`,
  );
  return html`<details class="table">
    <summary>Hosts, one by one</summary>
    <table>
      <thead>
        <tr>
          <th scope="col">Host</th>
          <th scope="col">Address</th>
          <th scope="col">Roles</th>
          <th scope="col" class="number">Resources</th>
          <th scope="col">Steps</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </details>`;
}

/** Seconds that each host spent in each phase. */
export function secondsTable(phases: readonly Phase[], { hosts, operator, cluster }: RunRecord): Html {
  const all = [[operatorTitle, operator] as const, ...hosts, [clusterTitle, cluster] as const].filter(
    ([, spans]) => spans.length > 0,
  );
  const used = phases.filter(({ id }) => all.some(([, spans]) => spans.some(({ phase }) => phase === id)));
  const rows = all.map(([name, spans]) => {
    const cells = used.map(({ id }) => {
      const own = spans.filter(({ phase }) => phase === id);
      const broken = own.some(({ ending }) => ending !== 'done');
      const took = Math.max(...own.map(({ to }) => to)) - Math.min(...own.map(({ from }) => from));
      return html`<td class="number${broken ? ' says failed' : ''}">
        ${own.length === 0 ? '' : (took / 1000).toFixed(1)}
      </td>`;
    });
    const end = Math.max(0, ...spans.map(({ to }) => to)) / 1000;
    return html`<tr>
      <th scope="row">${name}</th>
      ${cells}
      <td class="number">${end.toFixed(1)}</td>
    </tr>`;
  });
  return html`<details class="table">
    <summary>Seconds per host and phase</summary>
    <div class="wide seconds" tabindex="0" role="group" aria-label="Table of seconds">
      <table>
        <thead>
          <tr>
            <th scope="col">Host</th>
            ${used.map(({ id }) => html`<th scope="col" class="number">${id}</th>`)}
            <th scope="col" class="number">ended at</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>
  </details>`;
}
