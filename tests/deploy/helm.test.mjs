// deploy/helm: rendered by Helm itself, held against the Kubernetes API; the same as the Kustomize base where both say something.
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from '../http/harness.mjs';
import { apiFaults, helm, helmProgram, yamlAll, yamlFile } from './schemas.mjs';
import { version } from './scratch.mjs';

const chart = join(root, 'deploy/helm/ticketing-system');
const address = 'baseUrl=https://help.example.org';
const setting = (sets) => sets.flatMap((s) => ['--set', s]);
const render = (...sets) => yamlAll(helm('template', 'desk', chart, ...setting([address, ...sets])));
const refused = (...sets) => spawnSync(helmProgram, ['template', 'desk', chart, ...setting(sets)], { encoding: 'utf8' });
const kustomized = (overlay) => yamlAll(execFileSync('kubectl', ['kustomize', join(root, 'deploy/kubernetes/overlays', overlay)], { encoding: 'utf8' }));
const of = (objects, kind, name) => objects.find((o) => o.kind === kind && (!name || o.metadata.name === name));
const all = (objects, kind) => objects.filter((o) => o.kind === kind);
const labelsMatch = (selector, labels) => Object.entries(selector).every(([k, v]) => labels[k] === v);

const several = ['database=postgres'];
const colours = [...several, 'blueGreen.enabled=true', 'blueGreen.blue.tag=0.1.0'];
const renderings = {
  sqlite: [],
  postgres: several,
  'postgres without autoscaling': [...several, 'autoscaling.enabled=false', 'replicas=5'],
  'blue alone': colours,
  'blue and green': [...colours, 'blueGreen.green.tag=0.2.0'],
  'with all that may be given': [...several, `secret.create.JWT_SECRET=${'x'.repeat(64)}`, 'secret.create.DATABASE_URL=postgres://db/x', 'image.pullSecrets={regcred}',
    'persistence.storageClass=fast', 'podAnnotations.team=desk', 'nodeSelector.disk=ssd', 'tolerations[0].key=desk', 'tolerations[0].operator=Exists', 'service.type=LoadBalancer'],
};

test('Helm has nothing to say against the chart', () => {
  assert.match(helm('lint', '--strict', chart, '--set', address), /0 chart\(s\) failed/);
});

test('the chart is that of this version', () => {
  const { version: chartVersion, appVersion } = yamlFile(join(chart, 'Chart.yaml'));
  assert.deepEqual([chartVersion, appVersion], [version, version]);
});

test('every rendering, and every Kustomize overlay, is what the API of Kubernetes takes, to the last key', async () => {
  const objects = [...Object.values(renderings).flatMap((sets) => render(...sets)), ...['sqlite', 'postgres', 'blue-green'].flatMap(kustomized)];
  assert.ok(objects.length > 50);
  assert.deepEqual(await apiFaults(objects), []);
});

for (const [what, plant] of [
  ['a probe with a wrong key', (d) => (d.spec.template.spec.containers[0].livenessProbe.httpGets = { path: '/', port: 80 })],
  ['a number where words belong', (d) => (d.spec.template.spec.containers[0].name = 5)],
  ['an API that is none', (d) => (d.apiVersion = 'apps/v9')],
  ['a kind of another API', (d) => (d.apiVersion = 'batch/v1')],
  ['a port that is missing', (d) => delete d.spec.template.spec.containers[0].livenessProbe.httpGet.port],
  ['a key of the pod at the Deployment', (d) => (d.spec.serviceAccountName = 'x')],
])
  test(`${what} would be found`, async () => {
    const d = of(render(), 'Deployment');
    plant(d);
    assert.notDeepEqual(await apiFaults([d]), []);
  });

test('what a values file may not say is refused by Helm, with the place', () => {
  for (const [sets, words] of [
    [[], /baseUrl/],
    [['baseUrl=https://help.example.org/'], /baseUrl/],
    [[address, 'databse=postgres'], /databse/],
    [[address, 'database=mysql'], /database/],
    [[address, 'image.tag=latest'], /image\.tag/],
    [[address, 'settings.JWT_SECRET=x'], /settings/],
    [[address, 'settings.rate=1'], /settings/],
    [[address, 'secret.create.JWT_SECRET=short'], /JWT_SECRET/],
    [[address, 'blueGreen.enabled=true'], /blueGreen/],
    [[address, ...several, 'replicas=0'], /replicas/],
  ]) {
    const { status, stderr } = refused(...sets);
    assert.notEqual(status, 0, sets.join());
    assert.match(stderr, words);
  }
});

describe('what is rendered', () => {
  const probes = /### For Kubernetes\n```yaml\n([\s\S]*?)```/.exec(readFileSync(join(root, 'docs/production-checklist.md'), 'utf8'))[1];

  for (const [name, sets] of Object.entries(renderings)) {
    const objects = render(...sets);
    const pods = objects.map((o) => [o, o.kind === 'Pod' ? o.spec : o.spec?.template?.spec]).filter(([, spec]) => spec?.containers);

    test(`${name}: probes are those of the document`, () => {
      const wanted = yamlAll(probes)[0];
      for (const d of all(objects, 'Deployment')) {
        const { livenessProbe, readinessProbe } = d.spec.template.spec.containers[0];
        assert.deepEqual({ livenessProbe, readinessProbe }, wanted);
      }
    });

    test(`${name}: pods have no rights, names lead somewhere, selectors find their pods and no others`, () => {
      for (const [o, spec] of pods) {
        assert.equal(spec.automountServiceAccountToken, false, o.metadata.name);
        assert.deepEqual([spec.securityContext.runAsNonRoot, spec.securityContext.runAsUser, spec.securityContext.seccompProfile.type], [true, 65532, 'RuntimeDefault']);
        for (const c of spec.containers) {
          assert.deepEqual(c.securityContext, { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
          assert.match(c.image, /^ticketing-system:\d+\.\d+\.\d+$/);
          for (const { configMapRef } of c.envFrom ?? []) assert.ok(of(objects, 'ConfigMap', configMapRef.name));
          for (const m of c.volumeMounts) assert.ok(spec.volumes.some((v) => v.name === m.name), m.name);
        }
        if (spec.serviceAccountName) assert.ok(of(objects, 'ServiceAccount', spec.serviceAccountName));
      }
      const deployments = all(objects, 'Deployment');
      for (const d of deployments) assert.ok(labelsMatch(d.spec.selector.matchLabels, d.spec.template.metadata.labels));
      for (const s of all(objects, 'Service')) {
        const found = pods.filter(([o]) => labelsMatch(s.spec.selector, o.spec.template?.metadata.labels ?? o.metadata.labels)).map(([o]) => o.kind);
        const wanted = s.metadata.name.endsWith('-preview') && deployments.length === 1 ? [] : ['Deployment'];
        assert.deepEqual(found, wanted, `${s.metadata.name} finds one Deployment`);
      }
      for (const h of all(objects, 'HorizontalPodAutoscaler')) assert.ok(of(objects, 'Deployment', h.spec.scaleTargetRef.name));
      for (const b of all(objects, 'PodDisruptionBudget'))
        assert.equal(deployments.filter((d) => labelsMatch(b.spec.selector.matchLabels, d.spec.template.metadata.labels)).length, 1);
      assert.equal(new Set(objects.map((o) => `${o.kind} ${o.metadata.name}`)).size, objects.length, 'no name twice');
    });

    test(`${name}: every setting is one that the server knows`, () => {
      const known = readFileSync(join(root, 'src/base/config.def'), 'utf8');
      for (const key of Object.keys(of(objects, 'ConfigMap').data)) assert.ok(known.includes(`"${key}"`), key);
    });
  }

  test('one server with SQLite is recreated, several are replaced one by one', () => {
    const one = of(render(), 'Deployment').spec;
    assert.deepEqual([one.replicas, one.strategy], [1, { type: 'Recreate' }]);
    const more = of(render(...several), 'Deployment').spec;
    assert.deepEqual(more.strategy, { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } });
    assert.equal(more.replicas, undefined, 'the autoscaler decides');
    for (const kind of ['Job', 'HorizontalPodAutoscaler', 'PodDisruptionBudget']) assert.ok(!of(render(), kind), kind);
  });

  test('migrations run before the servers, as the newer release, with settings and secrets of their own', () => {
    for (const [sets, tag] of [
      [several, version],
      [[...several, 'image.tag=0.3.0'], '0.3.0'],
      [[...colours, 'blueGreen.green.tag=0.2.0'], '0.2.0'],
      [[...colours, 'blueGreen.green.tag=0.2.0', 'blueGreen.active=green'], '0.2.0'],
    ]) {
      const objects = render(...sets);
      const job = of(objects, 'Job');
      assert.equal(job.metadata.annotations['helm.sh/hook'], 'pre-install,pre-upgrade');
      const [c] = job.spec.template.spec.containers;
      assert.equal(c.image, `ticketing-system:${tag}`);
      const env = Object.fromEntries(c.env.map((e) => [e.name, e.value]));
      assert.deepEqual({ ...env, DATA_DIR: undefined, CREDENTIALS_DIRECTORY: undefined }, { ...of(objects, 'ConfigMap').data, DATA_DIR: undefined, CREDENTIALS_DIRECTORY: undefined });
    }
  });

  test('a Secret that the chart makes is there before the migration, and stays', () => {
    const secret = of(render(...renderings['with all that may be given']), 'Secret');
    const { annotations } = secret.metadata;
    assert.equal(annotations['helm.sh/hook'], 'pre-install,pre-upgrade');
    assert.ok(Number(annotations['helm.sh/hook-weight']) < 0);
    assert.equal(secret.stringData.JWT_SECRET.length, 64);
    assert.ok(!of(render(...several), 'Secret'));
  });

  test('blue and green: the Service leads to the active one, and a change of that word is all that switches', () => {
    const pair = [...colours, 'blueGreen.green.tag=0.2.0'];
    const [blue, green] = [render(...pair), render(...pair, 'blueGreen.active=green')];
    const colour = (objects, name) => of(objects, 'Service', name).spec.selector['ticketing-system/colour'];
    assert.deepEqual([colour(blue, 'desk'), colour(blue, 'desk-preview')], ['blue', 'green']);
    assert.deepEqual([colour(green, 'desk'), colour(green, 'desk-preview')], ['green', 'blue']);
    const others = (objects) => objects.filter((o) => o.kind !== 'Service');
    assert.deepEqual(others(green), others(blue), 'no pod is touched');
    assert.deepEqual(all(blue, 'Deployment').map((d) => [d.metadata.name, d.spec.template.spec.containers[0].image]),
      [['desk-blue', 'ticketing-system:0.1.0'], ['desk-green', 'ticketing-system:0.2.0']]);
  });

  test('a changed setting replaces the pods, a large number stays one', () => {
    const sum = (...sets) => of(render(...sets), 'Deployment').spec.template.metadata.annotations['checksum/settings'];
    assert.notEqual(sum(), sum('settings.LOG_LEVEL=debug'));
    assert.equal(of(render('settings.HTTP_MAX_BODY=104857600'), 'ConfigMap').data.HTTP_MAX_BODY, '104857600');
  });

  test('chart and Kustomize base say the same of pod, network and limits', () => {
    const [k, h] = [kustomized('postgres'), render(...several)];
    const pod = (objects) => {
      const { containers: [c], securityContext, terminationGracePeriodSeconds, enableServiceLinks, topologySpreadConstraints: [spread] } = of(objects, 'Deployment').spec.template.spec;
      const { args, ports, env, livenessProbe, readinessProbe, resources, securityContext: own, volumeMounts } = c;
      return { securityContext, terminationGracePeriodSeconds, enableServiceLinks, spread: spread.topologyKey, args, ports, env, livenessProbe, readinessProbe, resources, own, volumeMounts };
    };
    assert.deepEqual(pod(h), pod(k));
    for (const part of ['metrics', 'behavior', 'minReplicas', 'maxReplicas'])
      assert.deepEqual(of(h, 'HorizontalPodAutoscaler').spec[part], of(k, 'HorizontalPodAutoscaler').spec[part], part);
    assert.equal(of(h, 'PodDisruptionBudget').spec.minAvailable, of(k, 'PodDisruptionBudget').spec.minAvailable);
    assert.deepEqual(of(h, 'NetworkPolicy').spec.egress.slice(0, 2), of(k, 'NetworkPolicy').spec.egress);
    const settings = (objects) => Object.fromEntries(Object.entries(all(objects, 'ConfigMap')[0].data).sort());
    assert.deepEqual(settings(h), settings(k));
  });

  test('the notes tell what is still to do', (t) => {
    // Helm prints notes only with a cluster at hand: a copy of the chart renders the same text into an object.
    const copy = join(mkdtempSync(join(tmpdir(), 'ticketing-chart-')), 'ticketing-system');
    t.after(() => rmSync(dirname(copy), { recursive: true, force: true }));
    cpSync(chart, copy, { recursive: true });
    writeFileSync(join(copy, 'templates/_notes.tpl'), `{{- define "notes" -}}\n${readFileSync(join(chart, 'templates/NOTES.txt'), 'utf8')}{{- end }}`);
    writeFileSync(join(copy, 'templates/notes.yaml'), 'kind: Notes\ntext: {{ include "notes" . | quote }}\n');
    const notes = (...sets) => of(yamlAll(helm('template', 'desk', copy, ...setting([address, ...sets]))), 'Notes').text;
    assert.match(notes(...several), /create secret generic desk --from-file=JWT_SECRET --from-file=SECRET_KEY --from-file=DATABASE_URL/);
    assert.match(notes(), /label namespace NAME ticketing-system\/may-enter=true/);
    assert.match(notes(...colours), /--reuse-values --set blueGreen\.active=green/);
    assert.match(notes(...colours), /deployment\/desk-blue/);
  });
});

test('the metric of the autoscaler is made of one that the server has', () => {
  const { rules: { custom: [rule] } } = yamlFile(join(root, 'deploy/kubernetes/prometheus-adapter.yaml'));
  assert.equal(rule.name.as, of(render(...several), 'HorizontalPodAutoscaler').spec.metrics[1].pods.metric.name);
  const metric = /^(\w+)\{/.exec(rule.seriesQuery)[1];
  assert.match(readFileSync(join(root, 'docs/monitoring.md'), 'utf8'), new RegExp(`^\\| \`${metric}\` \\| counter`, 'm'));
});
