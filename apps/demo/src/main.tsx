import '@picocss/pico/css/pico.min.css';
import './style.css';
import { render } from 'preact';
import { App } from './app.js';
import { ensureIsolation } from './isolation.js';

await ensureIsolation();
const root = document.getElementById('app');
if (root !== null) render(<App />, root);
