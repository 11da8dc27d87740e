package main

import (
	"context"
	"errors"
)

func (b *bench) growth(ctx context.Context, n int) error { return errors.New("todo") }
