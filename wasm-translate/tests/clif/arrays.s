  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x38(%rdi), %rdi
  movl %esi, %r8d
  cmpl 4(%rdi, %r8), %edx
  jnb #trap=user14
  leal (%rsi, %rdx), %r9d
  movzbq 8(%rdi, %r9), %rax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x38(%rdi), %rdi
  movl %esi, %r8d
  cmpl 4(%rdi, %r8), %edx
  jnb #trap=user14
  leal (%rsi, %rdx, 8), %r9d
  movq %rcx, 8(%rdi, %r9)
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x38(%rdi), %r11
  movl %esi, %eax
  cmpl 4(%r11, %rax), %edx
  jnb #trap=user14
  movl (%r11, %rax), %r10d
  testl $0x2, %r10d
  jnz     label1; j label2
block1:
  jmp     label3
block3:
  leal (%rsi, %rdx, 4), %eax
  movl %ecx, 8(%r11, %rax)
  movq %rbp, %rsp
  popq %rbp
  retq
block2:
  movq 0xf008(%r11), %rdi
  movl %esi, (%rdi)
  leaq 4(%rdi), %rdi
  movq %rdi, 0xf008(%r11)
  orl $0x2, %r10d
  movl %r10d, (%r11, %rax)
  jmp     label3

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq %rsi, %r8
  movq 0x38(%rdi), %rsi
  movq %r8, %rdi
  movl %edi, %edi
  movl 4(%rsi, %rdi), %eax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  cmpl $0x7ff, %esi
  jnbe    label10; j label1
block1:
  movq 0x38(%rdi), %rcx
  movl 0xf000(%rcx), %eax
  movl 0xf004(%rcx), %r8d
  movq %rsi, %rdx
  shll $0x3, %edx
  leal 8(%rax, %rsi, 8), %r9d
  cmpl %r8d, %r9d
  jnbe    label2; j label3
block3:
  movl %r9d, 0xf000(%rcx)
  movl $0x2, %r8d
  orl 0x44(%rdi), %r8d
  leaq (%rcx, %rax), %rdi
  movl %r8d, (%rcx, %rax)
  movl %esi, 4(%rcx, %rax)
  leal 8(%rdx), %esi
  leaq 8(%rcx, %rax), %rcx
  leaq (%rdi, %rsi), %rdx
  cmpq $0x8, %rsi
  jz      label4; j label5
block4:
  jmp     label9
block5:
  jmp     label6
block6:
  movq $0x0, (%rcx)
  leaq 8(%rcx), %rcx
  cmpq %rdx, %rcx
  jz      label7; j label8
block7:
  jmp     label9
block8:
  jmp     label6
block9:
  jmp     label12
block12:
  movq %rbp, %rsp
  popq %rbp
  retq
block2:
  movq %rsi, %rdx
  jmp     label11
block10:
  movq %rsi, %rdx
  jmp     label11
block11:
  movq 0x10(%rdi), %rax
  movq 0x100(%rax), %rax
  movl $0x1, %ecx
  movl %ecx, %esi
  movq %rdx, %rcx
  movl %ecx, %edx
  call    *%rax
  jmp     label12

  pushq %rbp
  movq %rsp, %rbp
  subq $0x40, %rsp
  movq %rbx, 0x20(%rsp)
  movq %r12, 0x28(%rsp)
  movq %r13, 0x30(%rsp)
  movq %r15, 0x38(%rsp)
block0:
  cmpl $0x3ff8, %edx
  jnbe    label10; j label1
block1:
  movq 0x38(%rdi), %r8
  movl 0xf000(%r8), %eax
  movl 0xf004(%r8), %r9d
  leal 0xf(%rdx), %ecx
  movq %rcx, %r10
  andl $0xfffffff8, %r10d
  leal (%rax, %r10), %r10d
  cmpl %r9d, %r10d
  jnbe    label2; j label3
block3:
  movl %r10d, 0xf000(%r8)
  movl $0x2, %r9d
  orl 0x40(%rdi), %r9d
  leaq (%r8, %rax), %rdi
  movl %r9d, (%r8, %rax)
  movl %edx, 4(%r8, %rax)
  andl $0xfffffff8, %ecx
  leaq 8(%r8, %rax), %rdx
  movzbq %sil, %rsi
  imulq (%rip), %rsi
  leaq (%rdi, %rcx), %rdi
  cmpq $0x8, %rcx
  jz      label4; j label5
block4:
  jmp     label9
block5:
  jmp     label6
block6:
  movq %rsi, (%rdx)
  leaq 8(%rdx), %rdx
  cmpq %rdi, %rdx
  jz      label7; j label8
block7:
  jmp     label9
block8:
  jmp     label6
block9:
  jmp     label12
block12:
  movq 0x20(%rsp), %rbx
  movq 0x28(%rsp), %r12
  movq 0x30(%rsp), %r13
  movq 0x38(%rsp), %r15
  addq $0x40, %rsp
  movq %rbp, %rsp
  popq %rbp
  retq
block2:
  movq %rdx, %r12
  movq %rsi, %r13
  jmp     label11
block10:
  movq %rdx, %r12
  movq %rsi, %r13
  jmp     label11
block11:
  movq 0x10(%rdi), %rax
  movq %rdi, %r8
  movq 0x100(%rax), %rcx
  uninit  %rbx
  xorl %ebx, %ebx
  movl %ebx, %esi
  movq %r12, %rdi
  movl %edi, %edx
  movq %r8, %r15
  movq %r15, %rdi
  call    *%rcx
  movl %eax, <offset:1>+0x10(%rsp)
  leaq <offset:1>+(%rsp), %rcx
  movq %r13, %rsi
  movl %esi, <offset:1>+(%rsp)
  movq 0x10(%r15), %rax
  movq 0x118(%rax), %r9
  movl <offset:1>+0x10(%rsp), %eax
  movl %eax, %esi
  movl %ebx, %edx
  movq %r12, %rax
  movl %eax, %r8d
  movq %r15, %rdi
  call    *%r9
  ; UserStackMap { by_type: [(types::I32, CompoundBitSet {16})], sp_to_sized_stack_slots: None }
  movl <offset:1>+0x10(%rsp), %eax
  jmp     label12

  pushq %rbp
  movq %rsp, %rbp
  subq $0x40, %rsp
  movq %rbx, 0x20(%rsp)
  movq %r12, 0x28(%rsp)
  movq %r13, 0x30(%rsp)
  movq %r14, 0x38(%rsp)
block0:
  movq 0x38(%rdi), %rcx
  movl 0xf000(%rcx), %eax
  movl 0xf004(%rcx), %edx
  leal 0x20(%rax), %r8d
  cmpl %edx, %r8d
  jnbe    label2; j label1
block1:
  leal 0x20(%rax), %edx
  movl %edx, 0xf000(%rcx)
  movl $0x2, %edx
  orl 0x40(%rdi), %edx
  movl %edx, (%rcx, %rax)
  movl $0x14, 4(%rcx, %rax)
  movzbq %sil, %rdx
  imulq (%rip), %rdx
  movq %rdx, 8(%rcx, %rax)
  movq %rdx, 0x10(%rcx, %rax)
  movq %rdx, 0x18(%rcx, %rax)
  jmp     label3
block3:
  movq 0x20(%rsp), %rbx
  movq 0x28(%rsp), %r12
  movq 0x30(%rsp), %r13
  movq 0x38(%rsp), %r14
  addq $0x40, %rsp
  movq %rbp, %rsp
  popq %rbp
  retq
block2:
  movq %rsi, %r14
  movq 0x10(%rdi), %rax
  movq 0x100(%rax), %rcx
  uninit  %r13
  xorl %r13d, %r13d
  movl $0x14, %ebx
  movl %r13d, %esi
  movl %ebx, %edx
  movq %rdi, %r12
  call    *%rcx
  movl %eax, <offset:1>+0x10(%rsp)
  leaq <offset:1>+(%rsp), %rcx
  movq %r14, %rsi
  movl %esi, <offset:1>+(%rsp)
  movq 0x10(%r12), %rax
  movq 0x118(%rax), %r9
  movl <offset:1>+0x10(%rsp), %eax
  movl %eax, %esi
  movl %r13d, %edx
  movl %ebx, %r8d
  movq %r12, %rdi
  call    *%r9
  ; UserStackMap { by_type: [(types::I32, CompoundBitSet {16})], sp_to_sized_stack_slots: None }
  movl <offset:1>+0x10(%rsp), %eax
  jmp     label3

  pushq %rbp
  movq %rsp, %rbp
  subq $0x20, %rsp
  movq %rbx, (%rsp)
  movq %r12, 8(%rsp)
  movq %r13, 0x10(%rsp)
block0:
  movq 0x38(%rdi), %rbx
  movl 0xf000(%rbx), %eax
  movl 0xf004(%rbx), %ecx
  leal 0x18(%rax), %r8d
  cmpl %ecx, %r8d
  jnbe    label2; j label1
block1:
  leal 0x18(%rax), %ecx
  movl %ecx, 0xf000(%rbx)
  movl $0x2, %ecx
  orl 0x44(%rdi), %ecx
  movl %ecx, (%rbx, %rax)
  movl $0x2, 4(%rbx, %rax)
  movq %rsi, 8(%rbx, %rax)
  movq %rdx, 0x10(%rbx, %rax)
  jmp     label3
block3:
  movq (%rsp), %rbx
  movq 8(%rsp), %r12
  movq 0x10(%rsp), %r13
  addq $0x20, %rsp
  movq %rbp, %rsp
  popq %rbp
  retq
block2:
  movq %rdx, %r12
  movq %rsi, %r13
  movq 0x10(%rdi), %rax
  movq 0x100(%rax), %rax
  movl $0x1, %ecx
  movl $0x2, %edx
  movl %ecx, %esi
  movl %edx, %edx
  call    *%rax
  movl %eax, %ecx
  movq %r13, %rsi
  movq %rsi, 8(%rbx, %rcx)
  movq %r12, %rdx
  movq %rdx, 0x10(%rbx, %rcx)
  jmp     label3

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x38(%rdi), %rax
  movl %esi, %ecx
  movl 4(%rax, %rcx), %edi
  cmpq $0x3, %rdi
  jb #trap=user14
  movl (%rax, %rcx), %edi
  testl $0x2, %edi
  jnz     label1; j label2
block1:
  jmp     label3
block3:
  movl %edx, %ecx
  imulq (%rip), %rcx
  leal 4(%rsi), %edx
  movq %rcx, 8(%rax, %rdx)
  movq %rbp, %rsp
  popq %rbp
  retq
block2:
  movq 0xf008(%rax), %r8
  movl %esi, (%r8)
  leaq 4(%r8), %r8
  movq %r8, 0xf008(%rax)
  orl $0x2, %edi
  movl %edi, (%rax, %rcx)
  jmp     label3

