package checkout

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	// sweepBatch is how many due items are read at once.
	sweepBatch = 100
	// queriesAtOnce is how many queries of a merchant are in flight at once, and
	// othersAtOnce how many items of each other kind of work. A gateway that does not
	// answer takes no more connections than these.
	queriesAtOnce = 128
	othersAtOnce  = 32
	// watchedBatch is how many watched sessions one sweep reads, and watchedReads how
	// many at once. After a restart all pages come back within seconds.
	watchedBatch = 2000
	watchedReads = 8
)

// Work is a kind of due work.
type Work string

// The kinds of due work. Each kind has its own lane for each merchant, so none waits for
// another.
const (
	// WorkLive are attempts that have not ended and must be queried.
	WorkLive Work = "live attempts"
	// WorkEnded are attempts that have ended and must be queried.
	WorkEnded Work = "ended attempts"
	// WorkSessions are open sessions that must end.
	WorkSessions Work = "sessions"
	// WorkRefunds are refunds that must be sent.
	WorkRefunds Work = "refunds"
	// workWatched are attempts that a page of this process watches. They are not read
	// from the store as due.
	workWatched Work = "watched attempts"
)

// sweptWork are the kinds of work that the store finds.
var sweptWork = []Work{WorkLive, WorkEnded, WorkSessions, WorkRefunds}

// sweeper does the work that is due.
type sweeper struct {
	store interface {
		Reader
		DueWork
	}
	clock      Clock
	confirmer  *confirmer
	ender      *ender
	refunder   *refunder
	rates      *rates
	watchers   *watchers
	callRates  *callRates
	background *background
	watched    watchedQueue

	mu    sync.Mutex
	lanes map[laneKey]*lane
}

// sweep is [Service.Sweep].
func (s *sweeper) sweep(ctx context.Context) error {
	var failures failures
	var kinds, started sync.WaitGroup
	for _, work := range sweptWork {
		kinds.Go(func() { failures.add(s.sweepWork(ctx, work, &started)) })
	}
	kinds.Wait()
	started.Wait()
	select {
	case <-ctx.Done():
		return nil // the reads that it ended are no failures
	default:
		return failures.joined()
	}
}

// sweepWork does the due work of a kind, for all merchants at once. It adds to started
// what may still run when it returns.
func (s *sweeper) sweepWork(ctx context.Context, work Work, started *sync.WaitGroup) error {
	merchants, err := s.store.DueMerchants(ctx, work, s.clock.Now())
	if err != nil {
		return err
	}
	var failures failures
	var wg sync.WaitGroup
	for _, merchant := range merchants {
		wg.Go(func() { failures.add(s.lane(work, merchant).sweep(ctx, started)) })
	}
	wg.Wait()
	return failures.joined()
}

// lane returns the lane of a merchant's work.
func (s *sweeper) lane(work Work, merchant string) *lane {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := laneKey{work, merchant}
	l := s.lanes[key]
	if l == nil {
		l = s.newLane(work, merchant)
		s.lanes[key] = l
	}
	return l
}

func (s *sweeper) newLane(work Work, merchant string) *lane {
	rate := s.callRates.of(merchant)
	l := &lane{
		wait: func(ctx context.Context) error { return rate.wait(ctx, work, 1) }, running: map[string]bool{},
		slots: make(chan struct{}, rate.atOnce(othersAtOnce)),
	}
	switch work {
	case WorkLive:
		l.slots = make(chan struct{}, rate.atOnce(queriesAtOnce))
		l.due = dueTasks(s.clock, merchant, s.store.DueAttempts, s.queryTask)
	case WorkEnded:
		l.due = dueTasks(s.clock, merchant, s.store.DueEndedAttempts, s.queryTask)
	case WorkSessions:
		// ender waits for each order of the session. A session without one needs no call.
		l.wait = context.Context.Err
		l.due = dueTasks(s.clock, merchant, s.store.ExpiringSessions, func(session Session) task {
			return task{session.ID, func(ctx context.Context) { s.ender.expire(ctx, session) }}
		})
	case WorkRefunds:
		l.due = dueTasks(s.clock, merchant, s.store.DueRefunds, func(r Refund) task {
			return task{r.ID, func(ctx context.Context) { s.refunder.sendDue(ctx, r.ID) }}
		})
	case workWatched:
		l.slots = make(chan struct{}, rate.atOnce(queriesAtOnce))
		l.due = func(_ context.Context, limit int) ([]task, error) {
			return s.watched.next(merchant, limit, s.queryTask), nil
		}
	}
	return l
}

// queryTask queries the gateway about an attempt, unless it was queried since it was
// found.
func (s *sweeper) queryTask(a Attempt) task {
	return task{a.ID, func(ctx context.Context) { s.confirmer.queryFound(ctx, a) }}
}

// dueTasks returns the function that reads the due work of a merchant.
func dueTasks[T any](clock Clock, merchant string, read func(context.Context, string, time.Time, int) ([]T, error), newTask func(T) task) func(context.Context, int) ([]task, error) {
	return func(ctx context.Context, limit int) ([]task, error) {
		items, err := read(ctx, merchant, clock.Now(), limit)
		if err != nil {
			return nil, err
		}
		tasks := make([]task, len(items))
		for i, item := range items {
			tasks[i] = newTask(item)
		}
		return tasks, nil
	}
}

// laneKey names a lane.
type laneKey struct {
	work     Work
	merchant string
}

// lane does one kind of work for one merchant. A merchant whose gateway does not answer
// delays only its own lanes.
type lane struct {
	// due returns up to limit tasks that are due, the longest due first. It may return
	// tasks that run.
	due func(ctx context.Context, limit int) ([]task, error)
	// wait waits until the gateway may be called for the next task.
	wait func(ctx context.Context) error
	// slots bounds the tasks that run at once.
	slots chan struct{}
	// sweeping is locked while a sweep starts tasks.
	sweeping sync.Mutex

	mu      sync.Mutex
	running map[string]bool
}

// task is one item of due work.
type task struct {
	id string
	do func(ctx context.Context)
}

// sweep starts the tasks that are due, batch after batch, until a batch is not full, has
// no task that is new to this sweep, or ctx is done. Tasks stay due where the store takes
// no changes: the next sweep tries them again. It does nothing if another sweep starts
// tasks of the lane. It adds each task to started.
func (l *lane) sweep(ctx context.Context, started *sync.WaitGroup) error {
	if !l.sweeping.TryLock() {
		return nil
	}
	defer l.sweeping.Unlock()
	seen := map[string]bool{}
	for {
		// What runs now may be read as due below, although it ends meanwhile.
		running := l.runningTasks()
		limit := sweepBatch + len(running)
		tasks, err := l.due(ctx, limit)
		if err != nil {
			return err
		}
		if !addNew(seen, tasks) {
			return nil
		}
		for _, t := range tasks {
			if running[t.id] {
				continue
			}
			if l.wait(ctx) != nil || !l.start(ctx, started, t) {
				return nil // the next sweep finds the rest
			}
		}
		if len(tasks) < limit {
			return nil
		}
	}
}

// addNew adds the IDs of tasks to seen, and reports whether one was not there.
func addNew(seen map[string]bool, tasks []task) bool {
	before := len(seen)
	for _, t := range tasks {
		seen[t.id] = true
	}
	return len(seen) > before
}

// runningTasks returns the IDs of the tasks that run.
func (l *lane) runningTasks() map[string]bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	running := make(map[string]bool, len(l.running))
	for id := range l.running {
		running[id] = true
	}
	return running
}

// start runs a task as soon as there is a slot. It returns false if ctx is done before.
func (l *lane) start(ctx context.Context, started *sync.WaitGroup, t task) bool {
	select {
	case l.slots <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	l.setRunning(t.id, true)
	started.Go(func() {
		defer func() {
			l.setRunning(t.id, false)
			<-l.slots
		}()
		t.do(ctx)
	})
	return true
}

func (l *lane) setRunning(id string, is bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if is {
		l.running[id] = true
	} else {
		delete(l.running, id)
	}
}

// failures collects the errors of several goroutines.
type failures struct {
	mu  sync.Mutex
	all []error
}

func (f *failures) add(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = append(f.all, err)
}

// joined returns the errors as one, or nil.
func (f *failures) joined() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return errors.Join(f.all...)
}
