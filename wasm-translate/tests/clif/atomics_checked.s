  addi sp,sp,-16
  sd ra,8(sp)
  sd fp,0(sp)
  mv fp,sp
block0:
  andi a2,a1,3
  sext.w a2,a2
  trap_if user3##(a2 ne zero)
  ld a2,72(a0)
  ld a3,8(a2)
  slli a1,a1,32
  srli a1,a1,32
  sltu a3,a1,a3
  xori a3,a3,1
  ld a0,64(a0)
  add a0,a0,a1
  sub a3,zero,a3
  not a3,a3
  and a3,a0,a3
  lw a4,0(a3)
  atomic_load.i32 a3,(a3)
  ld a2,8(a2)
  sltu a1,a1,a2
  xori a1,a1,1
  addi a0,a0,4
  sub a1,zero,a1
  not a1,a1
  and a0,a0,a1
  lw a0,0(a0)
  addw a0,a3,a0
  ld ra,8(sp)
  ld fp,0(sp)
  addi sp,sp,16
  ret

