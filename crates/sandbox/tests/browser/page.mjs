// Uses the sandbox's page as a person does, in headless Chromium. Each step builds on the steps before. The arguments are the
// program `sandbox` and a folder for pictures; AWS_ENDPOINT_URL is a sandbox that runs the copier.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';

import chromium from '@sparticuz/chromium';
import { chromium as playwright } from 'playwright-core';

const endpoint = process.env.AWS_ENDPOINT_URL;
const [, , program, folder] = process.argv;
const HOSTILE = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'"&lt;`;
const WIDE = { viewport: { width: 1200, height: 860 } };

// Chromium resolves the foreign name to this machine, as an attacker's name server would.
const args = ['--no-sandbox', '--disable-gpu', '--host-resolver-rules=MAP evil.example 127.0.0.1'];
const browser = await playwright.launch({ args, executablePath: await chromium.executablePath() });
const trouble = [];

const open = async (options = WIDE, address = '/') => {
  const page = await browser.newPage(options);
  page.setDefaultTimeout(20_000);
  page.on('console', message => message.type() === 'error' && trouble.push(message.text()));
  page.on('pageerror', error => trouble.push(error.message));
  await page.goto(endpoint + address);
  await page.getByText('live', { exact: true }).waitFor();
  return page;
};
const ask = async (address, method = 'GET', body) => {
  const answer = await fetch(endpoint + address, { method, body: body && JSON.stringify(body) });
  const text = await answer.text();
  assert.ok(answer.ok, text);
  return text && JSON.parse(text);
};
const call = async (service, target, body) => {
  const credential = `444455556666/20260101/us-east-1/${service}/aws4_request`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=${'0'.repeat(64)}`;
  const headers = { authorization, 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': target };
  const answer = await fetch(endpoint, { method: 'POST', body: JSON.stringify(body), headers });
  assert.ok(answer.ok, await answer.text());
};
const now = async () => Date.parse((await ask('/_sandbox/clock')).now);
// Presses a button and waits for the answer. An hour may take a second, because the schedule runs in between.
const press = (page, name) => Promise.all([
  page.waitForResponse(answer => answer.request().method() !== 'GET'),
  page.getByRole('button', { name, exact: true }).click(),
]);
const command = page => page.locator('#command').innerText();
const story = (page, id) => page.locator(`[id="request-${id}"]`);

// Presses +1 min until the story has this status.
const turnUntil = async (page, id, status) => {
  for (let minute = 0; minute < 60; minute++) {
    const told = story(page, id).locator('li', { hasText: status });
    if (await told.count()) return;
    await press(page, '+1 min');
    await told.waitFor({ timeout: 1000 }).catch(() => {});
  }
  assert.fail(`the story of ${id} does not get to ${status}: ${await story(page, id).innerText()}`);
};

const steps = {
  // Prints a time and checks nothing, because a busy machine is slow. The goal is 300 ms.
  async 'the page has its first picture'() {
    const times = [];
    for (let load = 0; load < 5; load++) {
      const page = await open();
      // The page can be loaded before it is painted.
      const painted = () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime;
      times.push(await (await page.waitForFunction(painted)).jsonValue());
      await page.close();
    }
    return `after ${times.map(Math.round).join(', ')} ms`;
  },

  async 'a request is followed from the example to COMPLETED'(page) {
    await press(page, 'Send the example');
    await story(page, 'release-2026-11-02').locator('progress').waitFor();
    await turnUntil(page, 'release-2026-11-02', 'COMPLETED');
    const told = await story(page, 'release-2026-11-02').locator('li b').allInnerTexts();
    assert.deepEqual(told, ['Asked', 'STARTED', 'COMPLETED']);
    await page.locator('#projects').getByText('COPYING_COMPLETED').waitFor();
    const record = story(page, 'release-2026-11-02').locator('details');
    await record.locator('summary').click();
    const { status, record: { accepted } } = JSON.parse(await record.locator('pre', { hasText: '}' }).textContent());
    assert.deepEqual([status, Object.keys(accepted.state)], ['COMPLETED', ['ended']]);
    await record.locator('summary').click();
    await page.locator('#bus').getByText('COMPLETED').waitFor();
  },

  async 'a button shows the command that does the same'(page) {
    await page.getByRole('button', { name: '+1 h' }).hover();
    const before = await now();
    execFileSync('bash', ['-c', await command(page)], { stdio: 'ignore' });
    assert.ok((await now()) - before >= 3_600_000);
    await page.getByRole('button', { name: 'Send the example' }).hover();
    assert.match(await command(page), /^AWS_ACCESS_KEY_ID=111122223333 .*aws events put-events .*"release-2026-11-02-2/);
  },

  async 'time stands while it is paused, and goes on'(page) {
    await press(page, 'Pause');
    await page.getByText('paused', { exact: true }).waitFor();
    const paused = await ask('/_sandbox/clock');
    assert.equal(paused.paused, true);
    await press(page, '+1 h');
    assert.equal(await now() - Date.parse(paused.now), 3_600_000);
    await page.locator('#time', { hasText: (await ask('/_sandbox/clock')).now.slice(11, 19) }).waitFor();
    await press(page, 'Resume');
    await page.getByRole('button', { name: 'Pause' }).waitFor();
  },

  async 'a fault is switched on, strikes and is removed'(page) {
    await press(page, 'Throttle');
    await page.locator('#faults').getByText('ThrottlingException').waitFor();
    assert.equal((await ask('/_sandbox/faults'))[0].times, 3);
    await press(page, 'Send the example');
    await story(page, 'release-2026-11-02-2').getByText('QUEUED').first().waitFor();
    await page.locator('#calls').getByText('ThrottlingException').first().waitFor();
    await turnUntil(page, 'release-2026-11-02-2', 'STARTED');
    await page.locator('#faults').getByText('used up').waitFor();
    await page.mouse.move(0, 0);
    await page.screenshot({ path: path.join(folder, 'sandbox.png') });
    await press(page, 'Remove all');
    await page.locator('#faults').getByText('None is set.').waitFor();
    assert.deepEqual(await ask('/_sandbox/faults'), []);
  },

  async 'calls are filtered, and a link leads to one'(page) {
    const rows = page.locator('#calls details');
    await page.getByRole('searchbox').fill('copyproject -throttling');
    await page.waitForFunction(() => location.search === '?calls=copyproject%20-throttling');
    for (const text of await rows.allInnerTexts()) assert.match(text, /CopyProjectVersion(?!.*Throttling)/s);
    const link = await rows.first().locator('a').getAttribute('href');
    const again = await open(WIDE, '/?calls=nothing-like-it' + link);
    const row = again.locator('#calls details.hit[open]');
    await row.locator('pre', { hasText: '"action": "rekognition:CopyProjectVersion"' }).waitFor();
    await again.close();
    await page.getByRole('searchbox').fill('');
  },

  async 'what is open stays open while the page changes'(page) {
    const first = page.locator('#projects summary').first();
    await first.click();
    await press(page, 'Deny');
    await ask('/_sandbox/status', 'POST', { projectVersionArn: (await ask('/_sandbox/world')).projects[0].versions[0].projectVersionArn, status: 'RUNNING' });
    await page.locator('#projects').getByText('RUNNING', { exact: true }).waitFor();
    await page.locator('#projects details[open] pre', { hasText: '"status": "RUNNING"' }).waitFor();
    await press(page, 'Remove all');
  },

  async 'a record that nothing was said about has its story'(page) {
    const { example: { detail } } = await page.evaluate(() => state);
    const copy = { ...detail, versionName: 'unsaid' };
    const Item = { id: { S: '111122223333#unsaid' }, record: { S: JSON.stringify({ accepted: { copy } }) }, revision: { N: '3' },
      status: { S: 'WAITING' }, step: { S: 'recover' }, due: { N: '1900000000000' }, requestedAt: { N: '1899990000000' } };
    await call('dynamodb', 'DynamoDB_20120810.PutItem', { TableName: process.env.LEDGER_TABLE, Item });
    const told = story(page, 'unsaid');
    for (const text of ['unsaid', 'WAITING', 'flowers → flowers-production, for 111122223333', 'Record, revision 3, recover due 17:46:40']) {
      await told.getByText(text, { exact: true }).first().waitFor();
    }
  },

  async 'hostile names are shown as they are'(page) {
    const world = await ask('/_sandbox/world');
    Object.assign(world.projects[0].versions[0], { tags: { [HOSTILE]: HOSTILE }, statusMessage: HOSTILE, status: HOSTILE });
    await ask('/_sandbox/world', 'PUT', world);
    const values = [HOSTILE, { toString: HOSTILE, innerHTML: HOSTILE }, ['x'], 7, null];
    const details = values.flatMap(value => [
      { requestId: value, versionName: HOSTILE, context: { [HOSTILE]: HOSTILE }, tags: { [HOSTILE]: HOSTILE } },
      { requestId: HOSTILE, status: value, eventId: value, requesterAccount: value, versionName: value, sourceProjectArn: value,
        durationSeconds: value, adopted: value, failure: value, destinationProjectArn: value },
    ]);
    details.push({ requestId: HOSTILE, failure: { code: HOSTILE, message: HOSTILE, remedy: HOSTILE } });
    const types = ['Rekognition Model Copy State Change', 'Rekognition Model Copy Requested', HOSTILE];
    for (const DetailType of types) {
      for (const detail of details) {
        const entry = { Source: HOSTILE, DetailType, Detail: JSON.stringify(detail) };
        await call('events', 'AWSEvents.PutEvents', { Entries: [entry] });
      }
    }
    for (const value of [{ S: HOSTILE }, { S: '{"toString": 1}' }, { BOOL: true }]) {
      const Item = { id: { S: 'x' + JSON.stringify(value) }, record: value, revision: value, step: value, requestedAt: value, due: value, status: value };
      await call('dynamodb', 'DynamoDB_20120810.PutItem', { TableName: process.env.LEDGER_TABLE, Item: { ...Item, step: { S: HOSTILE }, due: { N: '1' } } });
      await call('dynamodb', 'DynamoDB_20120810.PutItem', { TableName: process.env.LEDGER_TABLE, Item: { ...Item, id: { S: HOSTILE }, step: undefined, due: undefined } });
    }
    await ask('/_sandbox/faults', 'POST', { action: '*', containing: HOSTILE, times: 0, effect: { error: { code: HOSTILE } } });
    for (const it of [page, await open()]) {
      for (const place of ['#requests', '#projects', '#faults', '#bus']) await it.locator(place).getByText('onerror').first().waitFor();
      await it.evaluate(() => document.querySelectorAll('details').forEach(details => { details.open = true }));
      await it.locator('#projects pre', { hasText: '<img src=x' }).first().waitFor();
      assert.equal(await it.locator('main img, main script').count(), 0);
      assert.equal(await it.evaluate(() => window.hacked), undefined);
      const written = await it.evaluate(() => { try { document.body.innerHTML = '<b>'; return 'written' } catch (error) { return error.name } });
      assert.equal(written, 'TypeError', 'the policy keeps every script from writing HTML');
    }
    // What the attempt above made the browser say.
    assert.ok(trouble.every(text => /TrustedHTML|Trusted Type/.test(text)), trouble.join('\n'));
    trouble.length = 0;
  },

  async 'a page of another site changes nothing'() {
    const elsewhere = http.createServer((_, answer) => answer.setHeader('content-type', 'text/html').end('elsewhere'));
    await new Promise(ready => elsewhere.listen(0, '127.0.0.1', ready));
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${elsewhere.address().port}/`);
    const before = await ask('/_sandbox/calls');
    const blind = address => page.evaluate(address => fetch(address, { method: 'POST', mode: 'no-cors' }).then(it => it.type), address);
    assert.equal(await blind(endpoint + '/_sandbox/reset'), 'opaque');
    assert.ok((await ask('/_sandbox/calls')).length >= before.length, 'no reset');
    const answer = await page.goto(endpoint.replace('127.0.0.1', 'evil.example') + '/_sandbox/calls');
    assert.equal(answer.status(), 403);
    await page.close();
    elsewhere.close();
  },

  async 'it fits a phone, light and dark'() {
    await ask('/_sandbox/reset', 'POST');
    for (const colorScheme of ['light', 'dark']) {
      const phone = await open({ viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true, colorScheme });
      await press(phone, 'Send the example');
      await story(phone, 'release-2026-11-02').getByText('STARTED').first().waitFor();
      assert.equal(await phone.evaluate(() => document.documentElement.scrollWidth), 390);
      const [red, green, blue] = (await phone.evaluate(() => getComputedStyle(document.body).backgroundColor)).match(/\d+/g);
      assert.equal(+red + +green + +blue > 384, colorScheme === 'light');
      await phone.screenshot({ path: path.join(folder, `phone-${colorScheme}.png`), fullPage: true });
      await phone.close();
    }
  },

  async 'starting over empties the page'(page) {
    await press(page, 'Start over');
    await page.getByText('No request yet.').waitFor();
  },

  async 'the demo opens the page, and keeps it until it is interrupted'() {
    const bin = await fs.mkdtemp(path.join(folder, 'bin-')), opened = path.join(bin, 'opened');
    for (const opener of ['open', 'xdg-open']) {
      await fs.writeFile(path.join(bin, opener), `#!/bin/sh\nprintf %s "$1" >'${opened}'\n`, { mode: 0o755 });
    }
    const demo = spawn(program, ['demo', '--open'], { env: { ...process.env, PATH: bin + ':' + process.env.PATH }, stdio: 'ignore' });
    const ended = new Promise(resolve => demo.on('exit', resolve));
    let address = '';
    while (!address && demo.exitCode === null) {
      address = await fs.readFile(opened, 'utf8').catch(() => '');
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    const page = await browser.newPage(WIDE);
    await page.goto(address);
    await story(page, 'release-2026-11-02').getByText('COMPLETED').first().waitFor();
    await press(page, 'Send the example');
    await story(page, 'release-2026-11-02-2').getByText('COMPLETED').first().waitFor();
    demo.kill('SIGINT');
    assert.equal(await ended, 0);
    await page.getByText('not connected').waitFor();
    await page.close();
    await fs.rm(bin, { recursive: true });
  },
};

try {
  const page = await open();
  for (const [fact, step] of Object.entries(steps)) {
    const more = await step(page).catch(error => {
      throw Error(`${fact}: ${trouble.join('; ')}`, { cause: error });
    });
    assert.deepEqual(trouble, [], fact);
    console.log(`${fact}${more ? ` (${more})` : ''}`);
  }
  console.log(`${Object.keys(steps).length} passed, 0 failed`);
} finally {
  await browser.close();
}
