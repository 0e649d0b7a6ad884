import { _electron } from '@playwright/test';
import { runnerImport } from 'vite';
import fs from 'node:fs';
const { seedHistory } = (await runnerImport(process.cwd()+'/test/support/seed-history.ts', { root: process.cwd(), configFile: false })).module;
const folder='/tmp/w/history/shot'; fs.rmSync(folder,{recursive:true,force:true}); fs.mkdirSync(folder);
seedHistory(folder, 9, { uuid: 'SIM-0001-00', name: 'Simulated 450 W card' });
const app = await _electron.launch({ cwd: process.cwd(), args: [process.cwd(), '--no-sandbox', '--data-dir', folder, '--source','simulator','--log-level=3'], env: {...process.env, LANG:'en_US.UTF-8', TZ:'UTC'}, colorScheme: null });
const page = await app.firstWindow(); const errs=[]; page.on('pageerror',e=>errs.push(e.message)); page.on('console',m=>m.type()==='error'&&errs.push(m.text()));
await page.waitForTimeout(2500);
const shot=(n)=>page.screenshot({path:`/tmp/w/history/${n}.png`});
const nav=(n)=>page.getByRole('navigation').getByRole('button',{name:new RegExp('^'+n)}).click();
for (const theme of ['dark','light']) {
  await page.evaluate((t)=>window.slowburn.ask('settings.set',{theme:t}),theme);
  await nav('Live'); await nav('History'); await page.waitForTimeout(500);
  await page.getByText('1 week',{exact:true}).click(); await page.waitForTimeout(900); await shot(`hist-week-${theme}`);
  if (theme==='dark') {
    const over = page.locator('.u-over').first(); const b=await over.boundingBox();
    await page.mouse.move(b.x+b.width*0.75,b.y+40); await page.mouse.down(); await page.mouse.move(b.x+b.width*0.82,b.y+40,{steps:6}); await page.mouse.up(); await page.waitForTimeout(700); await page.mouse.move(b.x+b.width*0.5,b.y+40); await page.waitForTimeout(200); await shot('hist-brush');
    for(let i=0;i<45;i++){ await page.mouse.wheel(0,-100); await page.waitForTimeout(20);} await page.waitForTimeout(700); await shot('hist-zoomed');
    const t0=Date.now(); for(let i=0;i<10;i++){ await page.mouse.wheel(0,100);} 
  }
  await nav('Settings'); await page.waitForTimeout(600); 
  await page.getByLabel('Keep samples for').fill('3'); await page.waitForTimeout(700);
  await page.getByText('On the disk').scrollIntoViewIfNeeded(); await shot(`set-${theme}`);
  await page.getByRole('button',{name:'Check',exact:true}).click(); await page.waitForTimeout(1500); await shot(`set-check-${theme}`);
}
console.log(errs); await app.close();
