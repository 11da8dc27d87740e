package main

import "context"

func (b *bench) streams(ctx context.Context) error   { return nil }
func (b *bench) disturbed(ctx context.Context) error { return nil }
