import { mount } from 'svelte';
import { config } from 'zod';
import '@fontsource-variable/inter';
import '@fontsource-variable/jetbrains-mono';
import './app.css';
import App from './App.svelte';

// The content policy allows no code made from text, which zod would otherwise try.
config({ jitless: true });

const target = document.getElementById('app');
if (!target) throw new Error('The page has no place for the app.');
mount(App, { target });
