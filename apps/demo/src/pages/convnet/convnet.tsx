import './convnet.css';
import { useComputed, useSignal, useSignalEffect, type ReadonlySignal, type Signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { latestOnly } from '../../parts/latest-only.js';
import { Later } from '../../parts/later.js';
import { useSettings } from '../../settings.js';
import { ActivationPictures, FilterPictures, Histograms, UpdateRatios } from './insides.js';
import { LayerList } from './layer-list.js';
import { ConfusionMatrix, WorstMistakes } from './mistakes.js';
import { Options } from './options.js';
import { outline, type Outline } from './outline.js';
import { prepareDrawing, type Stroke } from './prepare-drawing.js';
import { Progress } from './progress.js';
import type { RatioHistory } from './ratio-history.js';
import { Reading } from './reading.js';
import { messageOf, Session } from './session.js';
import { DEFAULTS, settingsOf, trainingOptions, type ConvnetSettings } from './settings.js';
import { WeightsFile } from './weights-file.js';

/** Milliseconds after a change before an untrained network is built anew. */
const SETTLED = 250;

/** A digit to read: the drawing, or a held-out one. */
interface Chosen {
  readonly index: number;
  readonly image: Float32Array;
  readonly label: number;
}

export default function Convnet() {
  const settings = useSettings(DEFAULTS);
  const session = useMemo(() => new Session(), []);
  const strokes = useSignal<readonly Stroke[]>([]);
  const chosen = useSignal<Chosen | undefined>(undefined);
  const image = useComputed(() => chosen.value?.image ?? prepareDrawing(strokes.value));
  const described = useComputed(() => describe(settings.current.value.layers));
  const open = {
    filters: useSignal(true),
    activations: useSignal(false),
    ratios: useSignal(false),
    histograms: useSignal(false),
    confusion: useSignal(false),
    mistakes: useSignal(false),
  };
  const histogramsOf = useSignal(0);
  const ratios = useSignal<RatioHistory>([]);

  const choose = useMemo(
    () =>
      latestOnly(async (index: number) => {
        chosen.value = { index, ...(await session.digit(index)) };
      }),
    [],
  );

  useEffect(() => {
    void session.open().then(() => {
      const untouched = chosen.peek() === undefined && strokes.peek().length === 0;
      if (session.phase.peek() === 'ready' && untouched) choose(0);
    });
    return () => {
      session.close();
    };
  }, []);

  // An untrained network follows the settings; one that has learnt something stays until it is started over.
  useSignalEffect(() => {
    const options = trainingOptions(settings.current.value);
    if (session.phase.value !== 'ready' || 'fault' in described.value) return undefined;
    if (same(options, session.options.peek())) return undefined;
    const first = session.options.peek() === undefined;
    const timer = setTimeout(() => void session.build(options), first ? 0 : SETTLED);
    return () => {
      clearTimeout(timer);
    };
  });

  useSignalEffect(() => {
    session.request.value = {
      image: image.value,
      filters: open.filters.value,
      activations: open.activations.value,
      updateRatios: open.ratios.value,
      histogramsOf: open.histograms.value ? histogramsOf.value : undefined,
    };
  });

  // What was seen of update ratios is kept while the network is the same.
  useSignalEffect(() => {
    const seen = session.insides.value?.updateRatios;
    if (session.insides.value === undefined) ratios.value = [];
    else if (seen !== undefined && seen.steps !== ratios.peek().at(-1)?.steps) {
      ratios.value = [...ratios.peek(), seen];
    }
  });

  const wanted = settings.current.value;
  const phase = session.phase.value;
  const shown = useComputed(() => {
    // The network in the worker may be another than the settings say.
    const built = session.options.value?.layers;
    const asked = described.value;
    if (built === undefined) return undefined;
    return built === settings.current.value.layers && !('fault' in asked) ? asked : outline(built);
  });
  const fault = 'fault' in described.value ? described.value.fault : session.fault.value;
  const loaded = phase !== 'loading' && session.options.value !== undefined;
  const changed = loaded && !same(trainingOptions(wanted), session.options.value);

  const startOver = async () => {
    if (await session.build(trainingOptions(settings.current.peek()))) await session.train();
  };
  const load = async (file: File): Promise<boolean> => {
    const options = await session.load(file);
    if (options !== undefined) settings.set(settingsOf(options));
    return options !== undefined;
  };
  const set = (values: Partial<ConvnetSettings>) => {
    settings.set(values);
  };

  return (
    <>
      <p class="prose">
        The network sees 8,000 digits that people wrote, and is tested on 2,000 others. Press Train and watch:
        in a hundred steps it reads nine of ten. Then draw one yourself, look at the filters it has found, or
        take the convolutions out and see what they were good for.
      </p>
      <div class="workbench">
        <section class="controls" aria-label="Settings">
          <TrainButtons
            phase={phase}
            disabled={!loaded || 'fault' in described.value}
            onTrain={() => void session.train()}
            onPause={() => void session.pause()}
            onStartOver={() => void startOver()}
          />
          {changed && phase !== 'ready' && (
            <p class="hint" role="status">
              Changed settings hold from when you start over.
            </p>
          )}
          {fault !== undefined && (
            <p role="alert" class="fault">
              {fault}
            </p>
          )}
          <LayerList
            text={wanted.layers}
            outline={'fault' in described.value ? undefined : described.value}
            onChange={(layers) => {
              set({ layers });
            }}
          />
          <Later>
            <Options settings={wanted} onChange={set} />
          </Later>
        </section>
        <Results
          session={session}
          strokes={strokes}
          chosen={chosen}
          image={image}
          open={open}
          histogramsOf={histogramsOf}
          ratios={ratios}
          described={shown}
          choose={choose}
          load={load}
          loaded={loaded}
        />
      </div>
    </>
  );
}

interface ResultsProps {
  readonly session: Session;
  readonly strokes: Signal<readonly Stroke[]>;
  readonly chosen: Signal<Chosen | undefined>;
  readonly image: ReadonlySignal<Float32Array>;
  readonly open: Readonly<
    Record<'filters' | 'activations' | 'ratios' | 'histograms' | 'confusion' | 'mistakes', Signal<boolean>>
  >;
  readonly histogramsOf: Signal<number>;
  readonly ratios: Signal<RatioHistory>;
  readonly described: ReadonlySignal<Outline | undefined>;
  readonly choose: (index: number) => void;
  readonly load: (file: File) => Promise<boolean>;
  readonly loaded: boolean;
}

/** All that changes while a network trains; apart from the controls, in which somebody may be typing meanwhile. */
function Results({
  session,
  strokes,
  chosen,
  image,
  open,
  histogramsOf,
  ratios,
  described,
  choose,
  load,
  loaded,
}: ResultsProps) {
  const insides = session.insides.value;
  const examination = session.examination.value;
  const shown = described.value;
  return (
    <div>
      <Progress session={session} />
      <Later>
        <Reading
          strokes={strokes.value}
          onDraw={(next) => {
            chosen.value = undefined;
            strokes.value = next;
          }}
          index={chosen.value?.index}
          onChoose={(index) => {
            strokes.value = [];
            choose(index);
          }}
          count={session.heldOut.value}
          image={image.value}
          label={chosen.value?.label}
          probabilities={insides?.probabilities}
          busy={insides?.image !== image.value}
        />
      </Later>
      <Later>
        <h2>Look inside</h2>
        <Panel title="First-layer filters" open={open.filters}>
          {insides !== undefined && <FilterPictures filters={insides.filters} />}
        </Panel>
        <Panel title="Activations of every layer for the digit above" open={open.activations}>
          {insides?.activations !== undefined && shown !== undefined && (
            <ActivationPictures outline={shown} activations={insides.activations} />
          )}
        </Panel>
        <Panel title="Update ratios" open={open.ratios}>
          {shown !== undefined && <UpdateRatios outline={shown} history={ratios.value} />}
        </Panel>
        <Panel title="Histograms of weights, activations, gradients" open={open.histograms}>
          {shown !== undefined && (
            <Histograms
              outline={shown}
              layer={Math.min(histogramsOf.value, shown.layers.length - 1)}
              onChoose={(layer) => {
                histogramsOf.value = layer;
              }}
              histograms={insides?.histograms}
            />
          )}
        </Panel>
        <Panel title="Confusion matrix" open={open.confusion}>
          {examination === undefined ? <p>Train first.</p> : <ConfusionMatrix examination={examination} />}
        </Panel>
        <Panel title="Worst mistakes" open={open.mistakes}>
          {examination === undefined ? (
            <p>Train first.</p>
          ) : (
            <WorstMistakes
              examination={examination}
              onChoose={(index) => {
                strokes.value = [];
                choose(index);
              }}
            />
          )}
        </Panel>
        <WeightsFile disabled={!loaded} onSave={(optimizer) => session.save(optimizer)} onLoad={load} />
      </Later>
    </div>
  );
}

function TrainButtons({
  phase,
  disabled,
  onTrain,
  onPause,
  onStartOver,
}: {
  readonly phase: Session['phase']['value'];
  readonly disabled: boolean;
  readonly onTrain: () => void;
  readonly onPause: () => void;
  readonly onStartOver: () => void;
}) {
  const untrained = phase === 'loading' || phase === 'ready';
  return (
    <div class="buttons">
      {phase === 'training' ? (
        <button type="button" onClick={onPause}>
          Pause
        </button>
      ) : (
        (untrained || phase === 'paused') && (
          <button type="button" disabled={disabled} onClick={onTrain}>
            {untrained ? 'Train' : 'Resume'}
          </button>
        )
      )}
      {!untrained && (
        <button
          type="button"
          class={phase === 'finished' || phase === 'diverged' ? undefined : 'secondary'}
          disabled={disabled}
          onClick={onStartOver}
        >
          Start over
        </button>
      )}
    </div>
  );
}

/** Something that is computed only while it is open. */
function Panel({
  title,
  open,
  children,
}: {
  readonly title: string;
  readonly open: Signal<boolean>;
  readonly children: ComponentChildren;
}) {
  return (
    <details
      class="panel"
      open={open.value}
      onToggle={({ currentTarget }) => {
        open.value = currentTarget.open;
      }}
    >
      <summary>{title}</summary>
      {open.value && children}
    </details>
  );
}

function describe(layers: string): Outline | { readonly fault: string } {
  try {
    return outline(layers);
  } catch (error) {
    return { fault: messageOf(error) };
  }
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
